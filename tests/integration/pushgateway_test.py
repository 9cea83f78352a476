# SPDX-License-Identifier: Apache-2.0
"""The pushgateway receiver in the real agent: pushes are stored, and survive kill -9."""
import json
import signal
import unittest

import agent

CONFIG = """
[[ingest]]
plugin = "pushgateway"
interval = "200ms"
enable_admin_api = true
"""


class Pushgateway(unittest.TestCase):
    def setUp(self):
        self.agent = agent.Agent(CONFIG).start()

    def tearDown(self):
        self.agent.__exit__()

    def push(self, path, body, method="PUT"):
        return self.agent.request(method, "/metrics/" + path, body.encode())

    def groups(self):
        return json.loads(self.agent.get("/api/v1/metrics").text)["data"]

    def value(self, expression):
        return list(self.agent.query(expression).values())

    def test_what_is_pushed_is_stored_until_it_is_deleted(self):
        self.assertEqual(self.push("job/batch/instance/i", "# TYPE runs counter\nruns 5\n").status, 200)
        self.agent.until(lambda: self.value('runs{job="batch",instance="i"}') == ["5"], "the first value")
        self.assertEqual(self.push("job/batch/instance/i", "runs 6\n", "POST").status, 200)
        self.agent.until(lambda: self.value("runs") == ["6"], "the second value")
        self.assertEqual(self.agent.request("DELETE", "/metrics/job/batch/instance/i").status, 202)
        self.agent.until(lambda: self.value("runs") == [], "staleness")

    def test_a_push_that_was_acknowledged_survives_kill_9(self):
        for i in range(50):
            self.assertEqual(self.push("job/j%d/path@base64/L3Zhci90bXA" % i, "a %d\n" % i).status, 200)
        self.assertEqual(self.agent.request("DELETE", "/metrics/job/j7/path@base64/L3Zhci90bXA").status, 202)
        self.agent.stop(signal.SIGKILL)
        self.agent.process.stderr.close()
        self.agent.start()
        jobs = sorted(int(g["labels"]["job"][1:]) for g in self.groups())
        self.assertEqual(jobs, [i for i in range(50) if i != 7])
        self.agent.until(lambda: self.value('a{job="j49",path="/var/tmp"}') == ["49"], "a value after the restart")

    def test_errors_are_the_gateways(self):
        answer = self.push("job/t", "a 1 5\n")
        self.assertEqual((answer.status, answer.text), (
            400, "pushed metrics are invalid or inconsistent with existing metrics: pushed metrics must not have timestamps\n"))
        self.assertEqual(self.push("job/t/x", "a 1\n").status, 400)
        self.assertEqual(self.push("job/a%2Fb/c", "a 1\n").status, 200)
        self.assertIn({"job": "a", "b": "c"}, [g["labels"] for g in self.groups()])
        self.assertEqual(self.agent.request("PUT", "/api/v1/admin/wipe").status, 202)
        self.assertEqual(self.groups(), [])
        self.assertEqual(self.agent.get("/metrics").status, 200)
        self.assertIn('pushgateway_http_requests_total{', self.agent.get("/metrics").text)


if __name__ == "__main__":
    agent.main()
