# SPDX-License-Identifier: Apache-2.0
"""The agent sends to a real Prometheus that goes away and comes back, and is itself killed meanwhile: in the end the
receiver has every sample, and refused none."""
import signal
import time
import unittest

import agent
import peers
import wire

CONFIG = """
global: {external_labels: {site: oslo}}
remote_write:
- url: http://127.0.0.1:%d/api/v1/write
  name: peer
  protobuf_message: %s
  send_exemplars: true
  write_relabel_configs: [{source_labels: [__name__], regex: secret_.*, action: drop}]
  queue_config: {batch_send_deadline: 100ms, max_samples_per_send: 70, min_shards: 3}
"""
SERIES = 40


def with_site(samples):
    """What a receiver should have of the agent's samples."""
    return {tuple(sorted(labels + (("site", "oslo"),))): rows for labels, rows in samples.items()}


@peers.needs_prometheus_3
class ToPrometheus(unittest.TestCase):
    def push(self, sender, turns):
        for _ in range(turns):
            self.t += 250
            body = b"".join(wire.series({"__name__": name, "s": str(s)}, [(float(self.t % 1000 + s), self.t)])
                            for s in range(SERIES) for name in ("a_metric", "secret_metric"))
            self.assertEqual(sender.post("/api/v1/write", wire.snappy(body), wire.HEADERS).status, 204)

    def same(self, sender, receiver):
        at = self.t / 1000 + 1
        ours = with_site(peers.samples(sender, "a_metric[1h]", at))
        return len(ours) == SERIES and peers.samples(receiver, "a_metric[1h]", at) == ours

    def send(self, message):
        self.t = int(time.time() * 1000) - 300_000
        receiver = peers.Prometheus()
        self.addCleanup(receiver.close)
        receiver.start()
        sender = agent.Agent(CONFIG % (receiver.port, message), "prometheus.yml", ["--web.enable-remote-write-receiver"])
        sender.start()
        self.addCleanup(sender.__exit__)
        self.push(sender, 20)
        agent.Agent.until(lambda: self.same(sender, receiver), "what was sent while both were there")
        receiver.stop()
        for _ in range(3):
            self.push(sender, 25)
            sender.stop(signal.SIGKILL)
            sender.process.stderr.close()
            sender.start()
        self.push(sender, 25)
        receiver.start()
        agent.Agent.until(lambda: self.same(sender, receiver), "what was sent while the receiver was away", 30)
        self.push(sender, 5)
        agent.Agent.until(lambda: self.same(sender, receiver), "what was sent after it came back")
        self.assertEqual(receiver.api("query", query="secret_metric", time=self.t / 1000)["result"], [])
        shown = sender.get("/metrics").text
        for name in ("samples_failed_total", "histograms_failed_total"):
            self.assertIn('prometheus_remote_storage_%s{remote_name="peer",url="http://127.0.0.1:%d/api/v1/write"} 0\n'
                          % (name, receiver.port), shown)
        self.assertEqual(sender.stop(), 0)

    def test_a_reload_adds_and_removes_a_destination(self):
        self.t = int(time.time() * 1000) - 300_000
        receiver = peers.Prometheus()
        self.addCleanup(receiver.close)
        receiver.start()
        sender = agent.Agent("global: {}\n", "prometheus.yml", ["--web.enable-remote-write-receiver"])
        sender.start()
        self.addCleanup(sender.__exit__)
        self.push(sender, 2)
        sender.write_config(CONFIG % (receiver.port, "io.prometheus.write.v2.Request"))
        sender.process.send_signal(signal.SIGHUP)
        agent.Agent.until(lambda: "prometheus_remote_storage_shards{" in sender.get("/metrics").text, "the destination")
        self.push(sender, 3)  # of series that everybody but the new destination knows

        def received():
            rows = peers.samples(receiver, "a_metric[1h]", self.t / 1000 + 1)
            return sorted({len(r) for r in rows.values()}) if len(rows) == SERIES else None
        agent.Agent.until(lambda: received() == [3], "what came after the reload")
        sender.write_config("global: {}\n")
        sender.process.send_signal(signal.SIGHUP)
        agent.Agent.until(lambda: "prometheus_remote_storage_shards{" not in sender.get("/metrics").text, "its end")
        self.push(sender, 2)
        self.assertEqual(received(), [3])

    def test_remote_write_1(self):
        self.send("prometheus.WriteRequest")

    def test_remote_write_2(self):
        self.send("io.prometheus.write.v2.Request")


if __name__ == "__main__":
    agent.main()
