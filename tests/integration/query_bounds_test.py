# SPDX-License-Identifier: Apache-2.0
"""What bounds and shows queries, on the real binary: turns, deadlines, leaving clients, DELETE, memory, the
query log, the slow log, the journal that survives a crash, and query explain."""
import json
import os
import re
import signal
import socket
import threading
import time
import unittest
import urllib.parse

import agent

# Minutes of work that reads nothing.
HEAVY = "max_over_time(quantile_over_time(0.5, vector(time())[2d:1s])[2d:1s])"
CONFIG = """
[global]
query_log_file = "queries.log"
"""


class QueryBounds(unittest.TestCase):
    def start(self, *arguments, config=CONFIG):
        made = agent.Agent(config, arguments=["--web.enable-lifecycle", *arguments])
        made.start()
        self.addCleanup(made.folder.cleanup)
        self.addCleanup(lambda: made.process.stderr.close())
        self.addCleanup(made.stop)
        return made

    def ask_aside(self, it, **params):
        """Asks on a thread; the list gets (status, body, seconds) when there is an answer."""
        out = []

        def ask():
            begun = time.monotonic()
            answer = it.get("/api/v1/query", **params)
            out.append((answer.status, json.loads(answer.text), time.monotonic() - begun))
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        return thread, out

    def running(self, it, state="running"):
        return [q for q in it.api("status/queries")["queries"] if q["state"] == state]

    def until_running(self, it, count):
        it.until(lambda: len(self.running(it)) == count, "%d running queries" % count)

    def log_lines(self, it, name="queries.log"):
        try:
            with open(os.path.join(it.folder.name, name)) as lines:
                return [json.loads(line) for line in lines]
        except FileNotFoundError:
            return []

    def test_turns_and_deadlines(self):
        it = self.start("--query.max-concurrency=2", "--web.enable-admin-api")
        heavy = [self.ask_aside(it, query=HEAVY, timeout="60s") for _ in range(2)]
        self.until_running(it, 2)
        waiting, answers = self.ask_aside(it, query="vector(1)", timeout="700ms")
        it.until(lambda: self.running(it, "queued"), "a queued query")
        self.assertEqual(self.running(it, "queued")[0]["query"], "vector(1)")
        # What cannot be parsed does not wait.
        self.assertEqual(it.get("/api/v1/query", query="up(", timeout="60s").status, 400)
        waiting.join(10)
        status, body, seconds = answers[0]
        self.assertEqual((status, body["errorType"], body["error"]), (503, "timeout", "query timed out in query queue"))
        self.assertGreaterEqual(seconds, 0.7)
        self.assertLess(seconds, 5)
        metrics = it.get("/metrics").text
        self.assertIn("\nprometheus_engine_queries 2\n", metrics)
        self.assertIn("\nprometheus_engine_queries_concurrent_max 2\n", metrics)
        # Both are ended over the API, and the next one has its turn at once.
        for query in self.running(it):
            self.assertEqual(query["client"], "127.0.0.1")
            self.assertEqual(it.request("DELETE", "/api/v1/status/queries/%d" % query["id"]).status, 204)
        for thread, answers in heavy:
            thread.join(10)
            self.assertEqual(answers[0][0], 499)
            self.assertEqual(answers[0][1]["error"],
                             "query was canceled in expression evaluation: it was ended over the API")
        self.assertEqual(it.query("vector(1)"), {(): "1"})
        gone = it.request("DELETE", "/api/v1/status/queries/1")
        self.assertEqual((gone.status, json.loads(gone.text)["errorType"]), (404, "not_found"))
        self.assertEqual(it.request("DELETE", "/api/v1/status/queries/x").status, 400)

    def test_ending_queries_is_closed_by_default(self):
        it = self.start()
        answer = it.request("DELETE", "/api/v1/status/queries/1")
        self.assertEqual((answer.status, json.loads(answer.text)["error"]), (500, "admin APIs disabled"))

    def test_running_query_meets_its_deadline(self):
        it = self.start()
        begun = time.monotonic()
        answer = it.get("/api/v1/query", query=HEAVY, timeout="300ms")
        self.assertEqual(answer.status, 503)
        self.assertEqual(json.loads(answer.text)["error"], "query timed out in expression evaluation")
        self.assertLess(time.monotonic() - begun, 5)

    def test_leaving_clients(self):
        it = self.start("--query.max-concurrency=1")
        target = "/api/v1/query?" + urllib.parse.urlencode({"query": HEAVY, "timeout": "60s"})
        clients = []
        for _ in range(3):
            clients.append(socket.create_connection(("127.0.0.1", it.port), timeout=10))
            clients[-1].sendall(("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % target).encode())
        it.until(lambda: len(it.api("status/queries")["queries"]) == 3, "three queries")
        for client in clients:
            client.close()
        it.until(lambda: not it.api("status/queries")["queries"], "no queries")
        self.assertEqual(it.query("vector(2)"), {(): "2"})

    def test_memory(self):
        it = self.start("--query.max-memory=4MB")
        answer = it.get("/api/v1/query", query="max_over_time(vector(1)[10d:1s])")
        body = json.loads(answer.text)
        self.assertEqual((answer.status, body["errorType"]), (422, "execution"))
        self.assertTrue(body["error"].startswith("query needs more than 4 MiB of memory (query.max_memory): "),
                        body["error"])
        self.assertEqual(it.query("vector(1)"), {(): "1"})
        it.until(lambda: it.api("status/queries")["memoryBytes"] == 0, "all memory given back")
        self.assertIn('narthex_query_refused_total{bound="memory"} 1', it.get("/metrics").text)

    def test_query_log(self):
        it = self.start()
        it.api("query_range", query="vector(3)", start="1700000000", end="1700000010", step="5", stats="true")
        line = self.log_lines(it)[0]
        self.assertEqual(line["params"], {"query": "vector(3)", "start": "2023-11-14T22:13:20.000Z",
                                          "end": "2023-11-14T22:13:30.000Z", "step": 5})
        self.assertEqual(line["httpRequest"], {"clientIP": "127.0.0.1", "method": "GET", "path": "/api/v1/query_range"})
        self.assertEqual(sorted(line["stats"]), ["samples", "timings"])
        path = os.path.join(it.folder.name, "queries.log")
        os.rename(path, path + ".1")
        it.query("vector(4)")
        self.assertEqual(len(self.log_lines(it, "queries.log.1")), 2)
        self.assertEqual(it.post("/-/reload").status, 200)
        it.query("vector(5)")
        self.assertEqual([line["params"]["query"] for line in self.log_lines(it)], ["vector(5)"])
        # A file that cannot be had is no reason to lose the one that is open.
        it.write_config('[global]\nquery_log_file = "none/queries.log"\n')
        self.assertEqual(it.post("/-/reload").status, 500)
        it.query("vector(6)")
        self.assertEqual(len(self.log_lines(it)), 2)
        it.write_config("")
        self.assertEqual(it.post("/-/reload").status, 200)
        it.query("vector(7)")
        self.assertEqual(len(self.log_lines(it)), 2)

    def test_slow_log(self):
        it = self.start(config='[query]\nlog_slower_than = "200ms"\n')
        it.query("vector(8)")
        it.get("/api/v1/query", query=HEAVY, timeout="300ms")
        it.until(lambda: "slow query" in it.log(), "a slow query in the log")
        line = [line for line in it.lines if "slow query" in line]
        self.assertEqual(len(line), 1)
        self.assertIn("client=127.0.0.1", line[0])
        self.assertIn('err="query timed out in expression evaluation"', line[0])

    def test_journal(self):
        it = self.start()
        self.ask_aside(it, query=HEAVY + " # the last one", timeout="60s")
        self.until_running(it, 1)
        it.query("vector(9)")
        it.stop(signal.SIGKILL)
        it.lines.clear()
        it.start()
        it.until(lambda: "did not finish" in it.log(), "what was running")
        line = [line for line in it.lines if "did not finish" in line][0]
        self.assertIn("the last one", line)
        self.assertNotIn("vector(9)", line)
        # Said once.
        it.stop()
        it.lines.clear()
        it.start()
        self.assertNotIn("did not finish", it.log())

    def test_stopping_ends_queries(self):
        it = self.start()
        _, answers = self.ask_aside(it, query=HEAVY, timeout="60s")
        self.until_running(it, 1)
        begun = time.monotonic()
        self.assertEqual(it.stop(), 0)
        self.assertLess(time.monotonic() - begun, 4)

    def test_explain(self):
        it = self.start("--enable-feature=promql-per-step-stats")
        url = "http://127.0.0.1:%d" % it.port
        done = agent.run_to_end("query", "explain", "sum(max_over_time(vector(1)[1m:10s])) + 1", "--url", url)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = done.stdout.splitlines()
        self.assertRegex(rows[1], r"^6 samples, at most \d+ at once, at most [\d.]+ MiB of memory$")
        names = [re.match(r"[ │├└─]*\S+", row).group() for row in rows[4:]]
        self.assertEqual(names, ["+", "└─ sum", "   └─ max_over_time()", "      └─ subquery", "         └─ vector()"])
        stats = it.api("query_range", query="vector(1)", start=1, end=3, step=1, stats="all")["stats"]
        self.assertEqual(stats["samples"]["totalQueryableSamplesPerStep"], [[1, 0], [2, 0], [3, 0]])
        self.assertEqual(set(stats), {"timings", "samples"})  # Prometheus's, the plan has a word of its own
        wrong = agent.run_to_end("query", "explain", "sum(", "--url", url)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("unclosed left parenthesis", wrong.stderr)


if __name__ == "__main__":
    agent.main()
