# SPDX-License-Identifier: Apache-2.0
"""narthex tsdb as a process: what it says of a data directory in order, of a damaged one and of one that
an agent holds; and what a starting agent says while its storage recovers."""
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import agent

PROMTOOL = shutil.which("promtool")
SERIES = 40
SAMPLES = 400
WRITER = ["--web.enable-remote-write-receiver"]


def open_metrics(begin):
    lines = ["# TYPE level gauge"]
    for s in range(SERIES):
        lines += ['level{job="j",s="%d"} %s %d' % (s, s + i / 8, begin + i * 15) for i in range(SAMPLES)]
    return "\n".join(lines + ["# EOF", ""])


class HeldAgent(agent.Agent):
    """Calls `while_starting` once it listens, before it waits for the agent to be ready."""

    def until(self, condition, what, **options):
        if what == "ready":
            self.while_starting(self)
        agent.Agent.until(condition, what, **options)


class TsdbTools(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="narthex-test-")
        self.addCleanup(self.folder.cleanup)
        self.data = os.path.join(self.folder.name, "data")
        # Ends in the past and within one day.
        now = int(time.time())
        self.begin = min(now - 3600, now // 86400 * 86400 - 3600) - SAMPLES * 15
        self.text = os.path.join(self.folder.name, "in.om")
        with open(self.text, "w") as out:
            out.write(open_metrics(self.begin))

    def run_for(self, status, *arguments):
        done = agent.run_to_end(*arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def fill(self):
        self.run_for(0, "import", self.text, "--data", self.data)

    def tables(self):
        folder = os.path.join(self.data, "partitions")
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".table")]

    def flip(self, path, at):
        with open(path, "r+b") as file:
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            file.write(bytes([byte[0] ^ 1]))

    def fingerprint(self):
        out = {}
        for folder, _, names in os.walk(self.data):
            for name in names:
                if name != "lock":  # names who looks
                    path = os.path.join(folder, name)
                    with open(path, "rb") as file:
                        out[path] = (hashlib.sha256(file.read()).hexdigest(), os.stat(path).st_mtime_ns)
        return out

    def dump(self, *arguments):
        return self.run_for(0, "tsdb", "dump", "--data", self.data, *arguments).stdout.splitlines()

    def test_a_directory_in_order_is_good_and_left_alone(self):
        self.fill()
        before = self.fingerprint()
        done = self.run_for(0, "tsdb", "verify", "--data", self.data)
        self.assertIn("with 16,000 samples", done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "good")
        done = self.run_for(0, "tsdb", "analyze", "--data", self.data, "--limit", "3")
        self.assertIn("series           40\n", done.stdout)
        self.assertIn("samples          16,000\n", done.stdout)
        self.assertIn("40  level\n", done.stdout)
        self.assertIn("40  job=j\n", done.stdout)
        tree = json.loads(self.run_for(0, "tsdb", "analyze", "--data", self.data, "-o", "json").stdout)
        self.assertEqual(tree["series"], SERIES)
        done = self.run_for(0, "tsdb", "repair", "--data", self.data)
        self.assertIn("nothing to do", done.stdout)
        self.assertEqual(self.fingerprint(), before)

    def test_a_dump_is_that_of_promtool(self):
        self.fill()
        lines = self.dump()
        self.assertEqual(len(lines), SERIES * SAMPLES)
        self.assertEqual(lines[0], '{__name__="level", job="j", s="0"} 0 %d' % (self.begin * 1000))
        some = self.dump("--match", 'level{s="3"}', "--min-time", str(self.begin + 15), "--max-time",
                         str(self.begin + 30))
        self.assertEqual(some, ['{__name__="level", job="j", s="3"} %s %d' % (3 + i / 8, (self.begin + i * 15) * 1000)
                                for i in (1, 2)])
        if not PROMTOOL:
            return
        blocks = os.path.join(self.folder.name, "blocks")
        self.run_for(0, "export", "--data", self.data, "--format", "blocks", "--out", blocks)
        theirs = subprocess.run([PROMTOOL, "tsdb", "dump", blocks], capture_output=True, text=True).stdout
        self.assertEqual(sorted(theirs.splitlines()), sorted(lines))

    def test_an_answer_without_damaged_samples_says_so(self):
        self.fill()
        self.flip(self.tables()[0], 10)
        narthex = agent.Agent()
        shutil.copytree(self.data, narthex.data)
        with narthex:
            def ask(query, at):
                return json.loads(narthex.get("/api/v1/query", query=query, time=at).text)
            answer = ask("count_over_time(level[3h])", self.begin + SAMPLES * 15)
            self.assertEqual(answer["status"], "success")
            self.assertIn("samples are missing", "".join(answer["warnings"]))
            self.assertNotIn("warnings", ask("level", self.begin - 10 * 86400))

    def test_a_damaged_table_is_told_and_repaired(self):
        self.fill()
        whole = set(self.dump())
        table = self.tables()[0]
        self.flip(table, 100)
        before = self.fingerprint()
        done = self.run_for(3, "tsdb", "verify", "--data", self.data)
        self.assertIn("damaged     partitions/" + os.path.basename(table), done.stdout)
        self.assertIn("lost are samples of", done.stdout)
        self.assertEqual(self.fingerprint(), before)
        done = self.run_for(0, "tsdb", "repair", "--data", self.data)
        self.assertIn("done        moved partitions/" + os.path.basename(table), done.stdout)
        self.assertIn("repaired: the directory is whole", done.stdout)
        self.assertFalse(os.path.exists(table))
        aside = os.path.join(self.data, "partitions", "quarantine", os.path.basename(table))
        self.assertTrue(os.path.exists(aside))
        self.run_for(0, "tsdb", "verify", "--data", self.data)
        left = set(self.dump())
        self.assertLess(left, whole)

    def test_a_damaged_log_is_told_and_repaired(self):
        server = agent.Agent("[global]\n", arguments=WRITER)
        server.data = self.data
        with server:
            self.run_for(0, "import", self.text, "--url", "http://127.0.0.1:%d" % server.port)
            server.stop(signal.SIGKILL)
        log = os.path.join(self.data, "wal")
        segments = sorted(name for name in os.listdir(log) if name.endswith(".log"))
        largest = max(segments, key=lambda name: os.path.getsize(os.path.join(log, name)))
        path = os.path.join(log, largest)
        self.run_for(0, "tsdb", "verify", "--data", self.data)
        self.flip(path, os.path.getsize(path) // 3)
        done = self.run_for(3, "tsdb", "verify", "--data", self.data)
        self.assertIn("wal/" + largest, done.stdout)
        done = self.run_for(0, "tsdb", "repair", "--data", self.data)
        self.assertIn("kept wal/%s in wal/quarantine" % largest, done.stdout)
        self.assertTrue(os.path.exists(os.path.join(log, "quarantine", largest)))
        self.run_for(0, "tsdb", "verify", "--data", self.data)
        self.assertGreater(len(self.dump("--match", "level")), 0)

    def test_a_directory_with_an_agent_on_it_is_refused(self):
        with agent.Agent("[global]\n") as server:
            for verb in ("verify", "repair", "analyze", "dump"):
                done = self.run_for(1, "tsdb", verb, "--data", server.data)
                self.assertIn("in use by process %d" % server.process.pid, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)

    def test_failures_say_what_and_where(self):
        os.mkdir(os.path.join(self.folder.name, "empty"))
        for arguments, status, text in (
                (["verify", "--data", os.path.join(self.folder.name, "none")], 1, "does not exist"),
                (["verify", "--data", os.path.join(self.folder.name, "empty")], 1, "neither tables nor a log"),
                (["repair", "--data", self.folder.name, "--storage.backend", "memory"], 1, "check"),
                (["dump", "--match", "{"], 2, "--match"),
                (["analyze", "--limit", "0"], 2, "--limit"),
                (["verify", "--no-such-option"], 2, "--no-such-option"),
                ([], 2, "subcommand")):
            done = self.run_for(status, "tsdb", *arguments)
            self.assertIn(text, done.stderr)

    def test_a_starting_agent_says_how_far_it_is(self):
        self.fill()
        # A segment that cannot be opened until somebody writes to it: recovery stands still there.
        gate = os.path.join(self.data, "wal", "00000000000000ff-00000000.log")
        os.mkfifo(gate)
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(os.path.join(self.folder.name, "notify"))
        manager.settimeout(agent.START_TIMEOUT_S)
        seen = {}

        def while_starting(server):
            server.until(lambda: server.api("status/walreplay")["max"] == 255, "the recovery")
            seen["replay"] = server.api("status/walreplay")
            seen["ready"] = server.get("/-/ready").status
            seen["healthy"] = server.get("/-/healthy").status
            seen["query"] = server.get("/api/v1/query", query="1").status
            seen["metrics"] = server.get("/metrics").status
            seen["reload"] = server.post("/-/reload").text
            seen["status"] = manager.recv(4096).decode()
            threading.Thread(target=lambda: open(gate, "wb").close(), daemon=True).start()

        os.environ["NOTIFY_SOCKET"] = os.path.join(self.folder.name, "notify")
        self.addCleanup(os.environ.pop, "NOTIFY_SOCKET")
        server = HeldAgent("[global]\n", arguments=["--web.enable-lifecycle"])
        server.while_starting = while_starting
        server.data = self.data
        with server:
            self.assertEqual(seen["ready"], 503)
            self.assertEqual(seen["query"], 503)
            self.assertEqual(seen["healthy"], 200)
            self.assertEqual(seen["metrics"], 200)
            self.assertIn("still starting", seen["reload"])
            self.assertLessEqual(seen["replay"]["min"], seen["replay"]["current"])
            self.assertIn("EXTEND_TIMEOUT_USEC=", seen["status"])
            self.assertIn("STATUS=recovering: segment ", seen["status"])
            server.until(lambda: server.api("status/walreplay")["current"] == 255, "the end of the recovery")
            at = self.begin + (SAMPLES - 1) * 15
            self.assertEqual(len(server.query("level", time=at)), SERIES)

    def test_the_figures_show_under_the_usual_names(self):
        self.fill()
        server = agent.Agent("[global]\n[storage]\nretention = \"30d\"\n")
        server.data = self.data
        with server:
            found = {}
            for line in server.get("/metrics").text.splitlines():
                if not line.startswith("#"):
                    name, value = line.rsplit(" ", 1)
                    found[name] = float(value)
            self.assertEqual(found["prometheus_tsdb_blocks_loaded"], len(self.tables()))
            self.assertEqual(found["prometheus_tsdb_storage_blocks_bytes"],
                             sum(os.path.getsize(table) for table in self.tables()))
            self.assertEqual(found["prometheus_tsdb_lowest_timestamp_seconds"], self.begin)
            self.assertEqual(found["prometheus_tsdb_wal_corruptions_total"], 0)
            self.assertEqual(found["prometheus_tsdb_retention_limit_seconds"], 30 * 86400)
            self.assertEqual(found["prometheus_tsdb_retention_limit_bytes"], 0)
            self.assertEqual(found["prometheus_tsdb_compactions_failed_total"], 0)
            self.assertEqual(found["narthex_storage_log_broken"], 0)


if __name__ == "__main__":
    agent.main()
