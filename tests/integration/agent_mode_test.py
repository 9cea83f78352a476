# SPDX-License-Identifier: Apache-2.0
"""Agent mode: what it scrapes goes on to another server, over kills and outages, and nothing else is there."""
import json
import os
import signal
import tempfile
import time
import unittest

import agent
import exporter
import wire

CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s, external_labels: {site: oslo}}
scrape_configs:
- {job_name: page, static_configs: [{targets: ['%s']}], metric_relabel_configs: [{regex: secret, action: labeldrop}]}
remote_write:
- url: http://127.0.0.1:%d/api/v1/write
  queue_config: {batch_send_deadline: 100ms}
"""
PAGE = "# TYPE served counter\n# HELP served Turns.\nserved{secret=\"x\"} %d\nsteady 5\n"

# What Prometheus 3.5 answers with --agent.
REFUSED = ["query?query=up", "query_range?query=up&start=0&end=1&step=1", "query_exemplars?query=up", "series?match[]=up",
           "labels", "label/job/values", "format_query?query=up", "parse_query?query=up", "rules", "alerts", "alertmanagers",
           "status/tsdb"]
SERVED = ["targets", "scrape_pools", "targets/metadata", "metadata", "status/config", "status/runtimeinfo",
          "status/buildinfo", "status/flags", "status/walreplay", "notifications"]


class AgentMode(unittest.TestCase):
    def receiver(self):
        server = agent.Agent("global: {}\n", "prometheus.yml", ["--web.enable-remote-write-receiver"]).start()
        self.addCleanup(server.__exit__)
        return server

    def agent(self, receiver_port, *arguments):
        self.target = exporter.Turns(PAGE)
        self.addCleanup(self.target.close)
        one = agent.Agent(CONFIG % (self.target.address, receiver_port), "prometheus.yml", ["--agent", *arguments]).start()
        self.addCleanup(one.__exit__)
        return one

    def test_answers_as_prometheus_does(self):
        one = self.agent(1)
        for path in REFUSED:
            answer = one.get("/api/v1/" + path)
            self.assertEqual((answer.status, json.loads(answer.text)),
                             (422, {"status": "error", "errorType": "execution",
                                    "error": "unavailable with Prometheus Agent"}), path)
        for path in SERVED:
            self.assertEqual(one.get("/api/v1/" + path).status, 200, path)
        federated = one.get("/federate?match[]=up")
        self.assertEqual((federated.status, federated.text), (500, "unsupported operation with WAL-only storage\n"))
        self.assertEqual(one.post("/api/v1/series").status, 422)
        matcher = wire.field(3, wire.field(2, b"__name__") + wire.field(3, b"up"))
        for accepted in (b"", wire.field(2, b"\x01")):  # sampled, streamed
            asked = wire.field(1, wire.varint(2 << 3) + wire.varint(int(time.time() * 1000)) + matcher) + accepted
            read = one.post("/api/v1/read", wire.snappy(asked), wire.HEADERS)
            self.assertEqual((read.status, read.text), (500, "unsupported operation with WAL-only storage\n"))
        flags = one.api("status/flags")
        self.assertEqual(flags["agent"], "true")
        self.assertEqual(flags["storage.agent.path"], one.data)

    def push(self, to):
        self.pushed.append(len(self.pushed))
        t = int(time.time() * 1000)
        body = wire.series({"__name__": "pushed"}, [(float(self.pushed[-1]), t)])
        self.assertEqual(to.post("/api/v1/write", wire.snappy(body), wire.HEADERS).status, 204)

    def values(self, server, selector):
        """Of the one series that there is."""
        found = server.api("query", query=selector + "[10m]", time=time.time())["result"]
        self.assertLessEqual(len(found), 1)
        return {float(v) for series in found for _, v in series["values"]}

    def test_every_sample_arrives_over_kills_and_an_outage(self):
        receiver = self.receiver()
        one = self.agent(receiver.port, "--web.enable-remote-write-receiver")
        self.pushed = []
        for turn in range(3):
            agent.Agent.until(lambda: len(self.target.by_process.get(turn, [])) > 2, "scrapes")
            self.push(one)
            if turn == 1:
                receiver.stop()
            self.push(one)
            one.stop(signal.SIGKILL)
            one.process.stderr.close()
            self.target.process += 1
            one.start()
        receiver.process.stderr.close()
        receiver.arguments.append("--listen=127.0.0.1:%d" % receiver.port)
        receiver.start()
        agent.Agent.until(lambda: self.values(receiver, "pushed") == set(self.pushed), "what was pushed", 30)
        agent.Agent.until(lambda: self.values(receiver, "served") >= self.target.kept(), "what was scraped", 30)
        labels = (("instance", self.target.address), ("job", "page"), ("site", "oslo"))
        self.assertEqual(receiver.query("steady"), {(("__name__", "steady"),) + labels: "5"})
        self.assertIn((("__name__", "served"),) + labels, receiver.query("served"))  # relabeled
        self.assertEqual(receiver.query("up"), {(("__name__", "up"),) + labels: "1"})
        self.assertFalse(os.path.exists(os.path.join(one.data, "tables")))
        self.assertEqual(one.stop(), 0)

    def test_refuses_what_it_has_no_use_for(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "prometheus.yml")
            with open(path, "w") as out:
                out.write("rule_files: [a.yml]\n")
            ended = agent.run_to_end("--agent", "--config.file=" + path, "--storage.agent.path=" + folder + "/data")
        self.assertEqual(ended.returncode, 78)
        self.assertIn("field rule_files is not allowed in agent mode", ended.stderr)


if __name__ == "__main__":
    agent.main()
