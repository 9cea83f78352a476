# SPDX-License-Identifier: Apache-2.0
"""No arguments at all must be a useful first minute: the agent scrapes itself and reads its host."""
import json
import unittest

import agent


class FirstMinute(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = agent.Agent(arguments=[]).start()
        cls.agent.until(lambda: len(cls.agent.query("up == 1")) >= 2, "two targets up", 30)

    @classmethod
    def tearDownClass(cls):
        cls.agent.__exit__()

    def test_it_says_where_it_listens(self):
        self.assertIn("address=127.0.0.1:%d" % self.agent.port, self.agent.log())

    def test_it_reads_its_host(self):
        self.assertEqual(len(self.agent.query("node_load1")), 1)
        self.assertGreaterEqual(len(self.agent.query('node_cpu_seconds_total{mode="idle"}')), 1)

    def test_it_scrapes_itself(self):
        self.assertTrue(self.agent.query("process_resident_memory_bytes"))

    def test_its_targets_are_listed(self):
        targets = self.agent.api("targets")["activeTargets"]
        self.assertTrue(all(t["health"] == "up" for t in targets), targets)

    def test_its_plugins_are_listed(self):
        plugins = self.agent.api("status/plugins")
        self.assertIn("exporter.node", [library["id"] for library in plugins["libraries"]])

    def test_the_first_page_loads_nothing_from_elsewhere(self):
        page = self.agent.get("/")
        self.assertEqual(page.status, 200)
        self.assertIn("default-src 'none'", page.getheader("Content-Security-Policy"))
        self.assertNotIn("http://", page.text)
        for asset in ("assets/app.js", "assets/style.css"):
            self.assertIn(asset, page.text)
            self.assertEqual(self.agent.get("/" + asset).status, 200)

    def test_a_range_query_answers(self):
        now = float(json.loads(self.agent.get("/api/v1/query", query="time()").text)["data"]["result"][1])
        result = self.agent.api("query_range", query="up", start=now - 10, end=now, step=1)
        self.assertEqual(result["resultType"], "matrix")


if __name__ == "__main__":
    agent.main()
