# SPDX-License-Identifier: Apache-2.0
"""A prometheus.yml as people have it, and a real target: what is scraped is what can be queried."""
import json
import os
import unittest

import agent
import exporter

CONFIG = """
global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
  external_labels: {site: test}
scrape_configs:
- job_name: app
  static_configs:
  - targets: ['%(target)s']
    labels: {env: dev}
  metric_relabel_configs:
  - source_labels: [__name__]
    regex: app_dropped.*
    action: drop
- job_name: openmetrics
  metrics_path: /om
  static_configs: [{targets: ['%(target)s']}]
- job_name: broken
  metrics_path: /broken
  static_configs: [{targets: ['%(target)s']}]
- job_name: missing
  metrics_path: /missing
  static_configs: [{targets: ['%(target)s']}]
- job_name: few
  metrics_path: /metrics
  sample_limit: 1
  static_configs: [{targets: ['%(target)s']}]
- job_name: files
  metrics_path: /om
  file_sd_configs: [{files: ['%(folder)s/targets*.json'], refresh_interval: 1s}]
- job_name: gone
  static_configs: [{targets: ['127.0.0.1:1']}]
  relabel_configs: [{source_labels: [__address__], regex: '.*', action: drop}]
"""

TEXT = """# HELP app_requests_total Requests.
# TYPE app_requests_total counter
app_requests_total{code="200"} 10
app_requests_total{code="500"} 1
app_dropped_bytes 7
up{job="mine"} 0
job_collision{job="mine"} 1
"""
OPENMETRICS = """# TYPE om_size_bytes gauge
# UNIT om_size_bytes bytes
# HELP om_size_bytes Size.
om_size_bytes 12.5
# TYPE om_requests counter
om_requests_total 5 # {trace_id="abc"} 1
# EOF
"""
OM_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Scrape(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = exporter.Exporter()
        cls.target.text("/metrics", TEXT)
        cls.target.text("/om", OPENMETRICS, OM_TYPE)
        cls.target.text("/broken", "fine 1\nnot a line at all {\n")
        cls.agent = agent.Agent("", name="prometheus.yml")
        cls.folder = cls.agent.folder.name
        cls.agent.write_config(CONFIG % {"target": cls.target.address, "folder": cls.folder})
        cls.agent.start()
        cls.agent.until(lambda: cls.agent.query('up{job="app"}'), "a first scrape")

    @classmethod
    def tearDownClass(cls):
        cls.agent.__exit__()
        cls.target.close()

    def value(self, expression):
        values = list(self.agent.query(expression).values())
        return values[0] if len(values) == 1 else values

    def health(self, job):
        return [t for t in self.agent.api("targets", scrapePool=job)["activeTargets"]][0]

    def test_samples_carry_the_target_s_labels(self):
        labels = self.agent.query('app_requests_total{code="200"}')
        expected = {"__name__": "app_requests_total", "code": "200", "env": "dev", "job": "app",
                    "instance": self.target.address}
        self.assertEqual(labels, {tuple(sorted(expected.items())): "10"})

    def test_metric_relabeling_drops(self):
        self.assertEqual(self.value("app_dropped_bytes"), [])
        self.assertEqual(self.value('scrape_samples_scraped{job="app"}'), "5")
        self.assertEqual(self.value('scrape_samples_post_metric_relabeling{job="app"}'), "4")

    def test_a_body_cannot_forge_labels_or_up(self):
        self.assertEqual(self.value('up{job="app",exported_job=""}'), "1")
        self.assertEqual(self.value('up{job="app",exported_job="mine"}'), "0")
        self.assertEqual(self.value('job_collision{job="app",exported_job="mine"}'), "1")

    def test_openmetrics_has_units_and_exemplars(self):
        self.assertEqual(self.value('om_size_bytes{job="openmetrics"}'), "12.5")
        metadata = self.agent.api("metadata", metric="om_size_bytes")
        self.assertEqual(metadata["om_size_bytes"][0], {"type": "gauge", "unit": "bytes", "help": "Size."})

    def test_a_broken_body_stores_nothing_and_says_where(self):
        self.agent.until(lambda: self.health("broken")["health"] == "down", "the broken target down")
        self.assertEqual(self.value("fine"), [])
        self.assertIn("line 2", self.health("broken")["lastError"])

    def test_a_status_is_told_as_prometheus_does(self):
        self.agent.until(lambda: self.health("missing")["health"] == "down", "the missing target down")
        self.assertEqual(self.health("missing")["lastError"], "server returned HTTP status 404 Not Found")

    def test_over_the_sample_limit_nothing_is_stored(self):
        self.agent.until(lambda: self.health("few")["health"] == "down", "the limited target down")
        self.assertEqual(self.value('app_requests_total{job="few"}'), [])
        self.assertIn("sample limit exceeded", self.health("few")["lastError"])

    def test_dropped_targets_are_listed(self):
        dropped = self.agent.api("targets", state="dropped")["droppedTargets"]
        self.assertIn("127.0.0.1:1", [t["discoveredLabels"]["__address__"] for t in dropped])

    def test_target_files_come_and_go(self):
        path = os.path.join(self.folder, "targets-1.json")
        with open(path, "w") as out:
            json.dump([{"targets": [self.target.address], "labels": {"from": "file"}}], out)
        self.agent.until(lambda: self.value('om_size_bytes{job="files",from="file"}') == "12.5", "the file's target")
        os.unlink(path)
        self.agent.until(lambda: self.value('om_size_bytes{job="files"}') == [], "its end")

    def test_a_vanished_series_is_stale_at_once(self):
        self.target.text("/metrics", TEXT + "short_lived 1\n")
        self.agent.until(lambda: self.value('short_lived{job="app"}') == "1", "the series")
        self.target.text("/metrics", TEXT)
        self.agent.until(lambda: self.value('short_lived{job="app"}') == [], "its end", 5)

    def test_status_config_is_prometheus_yaml(self):
        text = self.agent.api("status/config")["yaml"]
        self.assertIn("external_labels:\n    site: test", text)


if __name__ == "__main__":
    agent.main()
