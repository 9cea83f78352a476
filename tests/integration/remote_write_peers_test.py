# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus sends to the agent by remote write 1.0 and 2.0, and the agent on to another one: all have the same samples,
native histograms and exemplars."""
import time
import unittest

import agent
import exporter
import peers

PAGE = """# HELP hits Requests.
# TYPE hits counter
hits_total{path="/"} %d # {trace_id="t%d"} 0.5
# HELP heat_celsius Heat.
# TYPE heat_celsius gauge
# UNIT heat_celsius celsius
heat_celsius -0.5
# TYPE lat_seconds histogram
# HELP lat_seconds Latency.
# UNIT lat_seconds seconds
lat_seconds_bucket{le="0.1"} 1 # {trace_id="l"} 0.05
lat_seconds_bucket{le="+Inf"} %d
lat_seconds_sum 3.5
lat_seconds_count %d
# EOF
"""

CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- {job_name: page, static_configs: [{targets: ['%s']}]}
- {job_name: self, static_configs: [{targets: ['127.0.0.1:%d']}]}
remote_write:
- url: http://127.0.0.1:%d/api/v1/write
  protobuf_message: %s
  send_exemplars: true
  send_native_histograms: true
  queue_config: {batch_send_deadline: 200ms}
  metadata_config: {send_interval: 1s}
"""

ONWARD = """
remote_write:
- url: http://127.0.0.1:%d/api/v1/write
  protobuf_message: %s
  send_exemplars: true
  send_native_histograms: true
  queue_config: {batch_send_deadline: 200ms}
"""


@peers.needs_prometheus_3
class FromPrometheus(unittest.TestCase):
    def send(self, message):
        target = exporter.Exporter()
        self.addCleanup(target.close)
        turn = [0]

        def page(_=None):
            turn[0] += 1
            target.text("/metrics", PAGE % (turn[0], turn[0], turn[0], turn[0]),
                        "application/openmetrics-text; version=1.0.0; charset=utf-8")
        page()
        last = peers.Prometheus()
        self.addCleanup(last.close)
        last.start()
        receiver = agent.Agent(ONWARD % (last.port, message), "prometheus.yml",
                               ["--web.enable-remote-write-receiver"]).start()
        self.addCleanup(receiver.__exit__)
        sender = peers.Prometheus(features="exemplar-storage,native-histograms,metadata-wal-records")
        sender.write_config(CONFIG % (target.address, sender.port, receiver.port, message))
        self.addCleanup(sender.close)
        begin = time.time()
        sender.start()
        agent.Agent.until(lambda: len(sender.api("query", query="up == 1")["result"]) == 2, "scrapes", 20)
        for _ in range(6):
            time.sleep(1)
            page()
        at = time.time() - 1.5  # what was scraped before is sent by the end of the wait
        selector = '{job=~"page|self"}[1m]'

        def differences(one=receiver):
            theirs, ours = peers.samples(sender, selector, at), peers.samples(one, selector, at)
            keys = set(theirs) | set(ours)
            return [(k, theirs.get(k), ours.get(k)) for k in keys if theirs.get(k) != ours.get(k)] if theirs else ["none"]
        try:
            agent.Agent.until(lambda: not differences(), "the same samples", 15)
            agent.Agent.until(lambda: not differences(last), "the same samples after two steps", 15)
        except AssertionError as e:
            found = differences() or differences(last)
            self.fail("%s: %d series differ, such as %s" % (e, len(found), found[0]))
        theirs = peers.samples(sender, selector, at)
        self.assertGreater(len(theirs), 200)
        native = [rows for rows in theirs.values() if any('"buckets"' in v for v in rows.values())]
        self.assertTrue(native, "there were no native histograms")
        self.assertEqual(peers.exemplars(receiver, "hits_total", begin, at), peers.exemplars(sender, "hits_total", begin, at))
        self.assertTrue(peers.exemplars(receiver, '{job="page"}', begin, at))
        self.assertEqual(peers.exemplars(last, '{job="page"}', begin, at), peers.exemplars(sender, '{job="page"}', begin, at))
        for kind in ("samples", "histograms", "exemplars"):
            self.assertEqual(sender.metric("prometheus_remote_storage_%s_failed_total" % kind), 0)

    def test_remote_write_1(self):
        self.send("prometheus.WriteRequest")

    def test_remote_write_2(self):
        self.send("io.prometheus.write.v2.Request")


if __name__ == "__main__":
    agent.main()
