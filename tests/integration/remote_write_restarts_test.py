# SPDX-License-Identifier: Apache-2.0
"""Senders of others write to the agent, which is killed (kill -9) and comes back while they send, and they are started
anew themselves: all that was scraped arrives."""
import signal
import time
import unittest

import agent
import exporter
import peers

SCRAPE = """
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs: [{job_name: page, static_configs: [{targets: ['%s']}]}]
"""
WRITE = """
remote_write:
- url: %s
%s  queue_config: {batch_send_deadline: 200ms}
"""
V2 = "  protobuf_message: io.prometheus.write.v2.Request\n"
PAGE = "# TYPE served counter\nserved %%d\n%s" % "".join("steady{i=\"%d\"} %d\n" % (i, i) for i in range(20))


class Restarts(unittest.TestCase):
    """What each sender goes through. The last turn of each of its processes may be lost with it, no other."""

    def go_through(self, make_sender):
        target = exporter.Turns(PAGE)
        self.addCleanup(target.close)
        receiver = agent.Agent("global: {}\n", "prometheus.yml", ["--web.enable-remote-write-receiver"]).start()
        self.addCleanup(receiver.__exit__)
        receiver.arguments.append("--listen=127.0.0.1:%d" % receiver.port)
        sender = make_sender(SCRAPE % target.address, "http://127.0.0.1:%d/api/v1/write" % receiver.port)
        self.addCleanup(sender.close)

        def turns():
            found = receiver.api("query", query="served[10m]", time=time.time())["result"]
            return {float(v) for series in found for _, v in series["values"]}

        def more(count):
            until = target.turn + count
            agent.Agent.until(lambda: target.turn >= until, "scrapes", 30)
        for process in range(2):
            sender.start()
            more(3)
            agent.Agent.until(lambda: turns() >= target.kept(), "what was scraped before", 30)
            receiver.stop(signal.SIGKILL)
            receiver.process.stderr.close()
            more(3)
            receiver.start()
            more(2)
            agent.Agent.until(lambda: turns() >= target.kept(), "what was scraped while the receiver was away", 60)
            sender.stop()
            target.process += 1
        self.assertEqual(turns() - set(range(1, target.turn + 1)), set())
        steady = receiver.api("query", query="count_over_time(steady[10m])", time=time.time())["result"]
        self.assertEqual(len(steady), 20)
        self.assertEqual(len({s["value"][1] for s in steady}), 1)  # they went through the same
        return receiver

    @peers.needs_prometheus_3
    def test_prometheus_3_by_1(self):
        self.go_through(lambda scrape, url: peers.Prometheus(scrape + WRITE % (url, "")))

    @peers.needs_prometheus_3
    def test_prometheus_3_by_2(self):
        self.go_through(lambda scrape, url: peers.Prometheus(scrape + WRITE % (url, V2)))

    @peers.needs_prometheus_2
    def test_prometheus_2(self):
        self.go_through(lambda scrape, url: peers.Prometheus(scrape + WRITE % (url, ""), path=peers.prometheus_2()))

    @peers.needs_vmagent
    def test_vmagent(self):
        self.go_through(lambda scrape, url: peers.VmAgent(scrape, url))

    @peers.needs_vmagent
    def test_vmagent_as_prometheus(self):
        self.go_through(lambda scrape, url: peers.VmAgent(scrape, url, ["-remoteWrite.forcePromProto=true"]))


if __name__ == "__main__":
    agent.main()
