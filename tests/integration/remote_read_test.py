# SPDX-License-Identifier: Apache-2.0
"""Between servers: Prometheus reads from the agent, the agent reads from Prometheus, and both federate
from each other, sample for sample."""
import datetime
import json
import re
import subprocess
import time
import unittest

import agent
import peers
import wire

RECEIVE = ["--web.enable-remote-write-receiver"]


def fill(server, now, name="level", count=400, step_ms=15_000):
    """Some series that end now, as {labels: {t: value}}. In one request: Prometheus takes no series whose samples are
    an hour older than those of an earlier request."""
    written, body = {}, b""
    for s in range(7):
        labels = {"__name__": name, "job": "test", "s": str(s)}
        samples = [((i * 7 + s) % 50 / 8, now - (count - 1 - i) * step_ms) for i in range(count)]
        body += wire.series(labels, samples)
        written[tuple(sorted(labels.items()))] = {t: v for v, t in samples}
    sent = server.request("POST", "/api/v1/write", wire.snappy(body), wire.HEADERS)
    status, text = sent if isinstance(sent, tuple) else (sent.status, sent.text)
    assert status in (200, 204), (status, text)
    return written


def points(matrix):
    """{labels: {t in ms: value}} of a matrix."""
    return {tuple(sorted(s["metric"].items())): {round(t * 1000): float(v) for t, v in s["values"]} for s in matrix}


def federated(text):
    """{(name, sorted labels): (value, t)} of an exposition."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels, value, t = re.match(r"(\w+)\{(.*)\} (\S+) (\d+)$", line).groups()
            found[name, tuple(sorted(labels.split(",")))] = (value, int(t))
    return found


class RemoteRead(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.now = int(time.time()) * 1000
        cls.agent = agent.Agent("[global]\nexternal_labels = { site = \"oslo\" }\n", arguments=RECEIVE).start()
        cls.written = fill(cls.agent, cls.now)

    @classmethod
    def tearDownClass(cls):
        cls.agent.__exit__()

    @peers.needs_prometheus
    def test_prometheus_reads_what_the_agent_has(self):
        config = "global: {external_labels: {site: oslo}}\nremote_read: [{url: 'http://127.0.0.1:%d/api/v1/read'}]\n"
        with peers.Prometheus(config % self.agent.port) as prometheus:
            status, body = prometheus.request("GET", "/api/v1/query?query=level%%5B2h%%5D&time=%d" % (self.now / 1000))
            answer = json.loads(body)
            self.assertNotIn("warnings", answer)
            self.assertEqual(points(answer["data"]["result"]), self.written)
            # No sample stands at the edge of the range: whether it belongs to it depends on the version.
            for expression in ("sum(rate(level[297s]))", "level{s=~\"[1-3]\"} offset 10m", "count(level{site=\"oslo\"})"):
                ours = self.agent.query(expression.replace('{site="oslo"}', ""), time=self.now / 1000)
                self.assertEqual(prometheus.query(expression, time=self.now / 1000), ours)

    @peers.needs_victoria_metrics
    @unittest.skipUnless(peers.program("vmctl"), "there is no vmctl")
    def test_vmctl_reads_what_the_agent_has(self):
        """Sampled, and streamed in chunks, a step of it at a time."""
        for streamed in ("false", "true"):
            with self.subTest(streamed=streamed), peers.VictoriaMetrics() as engine:
                start = datetime.datetime.fromtimestamp(self.now / 1000 - 7200, datetime.timezone.utc)
                ended = subprocess.run(
                    [peers.program("vmctl"), "remote-read", "--disable-progress-bar", "-s",
                     "--remote-read-src-addr=http://127.0.0.1:%d" % self.agent.port, "--remote-read-use-stream=" + streamed,
                     "--remote-read-filter-label=__name__", "--remote-read-filter-label-value=level",
                     "--remote-read-filter-time-start=" + start.strftime("%Y-%m-%dT%H:%M:%SZ"),
                     "--remote-read-step-interval=hour", "--vm-addr=http://" + engine.address],
                    capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
                self.assertEqual(ended.returncode, 0, ended.stderr)
                engine.flush()
                exported = engine.get("/api/v1/export?match[]=level")[1].decode().splitlines()
                found = {}
                for line in map(json.loads, exported):
                    rows = found.setdefault(tuple(sorted(line["metric"].items())), {})
                    rows.update(zip(line["timestamps"], line["values"]))
                written = {tuple(sorted(labels + (("site", "oslo"),))): rows for labels, rows in self.written.items()}
                self.assertEqual(sorted(found), sorted(written))
                self.assertEqual([labels for labels in found if found[labels] != written[labels]], [])

    @peers.needs_prometheus
    def test_prometheus_federates_from_the_agent(self):
        config = ("scrape_configs: [{job_name: f, honor_labels: true, scrape_interval: 1s, metrics_path: /federate, "
                  "params: {'match[]': [level]}, static_configs: [{targets: ['127.0.0.1:%d']}]}]\n")
        with peers.Prometheus(config % self.agent.port) as prometheus:
            expected = {k: v for k, v in self.agent.query("level", time=self.now / 1000).items()}
            expected = {tuple(sorted(k + (("site", "oslo"),))): v for k, v in expected.items()}
            peers.until(lambda: prometheus.query("level", time=self.now / 1000) == expected, "federated samples")
            stamps = prometheus.query("timestamp(level)", time=self.now / 1000)
            self.assertEqual({float(v) for v in stamps.values()}, {self.now / 1000})

    @peers.needs_prometheus
    def test_the_agent_reads_what_prometheus_has(self):
        with peers.Prometheus("global: {external_labels: {site: oslo}}\n") as prometheus:
            written = fill(prometheus, self.now, "theirs")
            config = ("global: {external_labels: {site: oslo}}\nremote_read: [{url: 'http://%s/api/v1/read', name: p, "
                      "read_recent: true}]\n" % prometheus.address)
            with agent.Agent(config, "prometheus.yml", RECEIVE) as reader:
                shown = reader.api("query", query="theirs[2h]", time=self.now / 1000)["result"]
                self.assertEqual(points(shown), written)
                # Samples here and there make one series.
                own = wire.series({"__name__": "theirs", "job": "test", "s": "0"}, [(99.0, self.now + 1000)])
                self.assertEqual(reader.post("/api/v1/write", wire.snappy(own), wire.HEADERS).status, 204)
                counts = reader.query("count_over_time(theirs{s=\"0\"}[2h])", time=self.now / 1000 + 1)
                self.assertEqual(list(counts.values()), ["401"])
                yaml = reader.api("status/config")["yaml"]
                self.assertIn("remote_read:\n- url: http://%s/api/v1/read\n  remote_timeout: 1m\n" % prometheus.address, yaml)

    @peers.needs_prometheus
    def test_the_agent_federates_from_prometheus(self):
        with peers.Prometheus("global: {external_labels: {site: bergen}}\n") as prometheus:
            fill(prometheus, self.now, "theirs", 3)
            text = prometheus.request("GET", "/federate?match%5B%5D=theirs")[1].decode()
            config = ("scrape_configs: [{job_name: f, honor_labels: true, scrape_interval: 1s, metrics_path: /federate, "
                      "params: {'match[]': [theirs]}, static_configs: [{targets: ['%s']}]}]\n" % prometheus.address)
            with agent.Agent(config, "prometheus.yml") as reader:
                peers.until(lambda: reader.query("count(theirs)", time=self.now / 1000) == {(): "7"}, "federated samples")
                # Both say the same when they are asked for it again.
                ours = reader.get("/federate", **{"match[]": "theirs"}).text
                self.assertEqual(federated(ours), federated(text))

    def test_a_server_that_is_gone_is_a_warning(self):
        config = "remote_read: [{url: 'http://127.0.0.1:1/api/v1/read', read_recent: true}]\n"
        with agent.Agent(config, "prometheus.yml") as reader:
            answer = json.loads(reader.get("/api/v1/query", query="up").text)
            self.assertEqual(answer["status"], "success")
            self.assertEqual(len(answer["warnings"]), 1)
            self.assertIn("http://127.0.0.1:1/api/v1/read", answer["warnings"][0])

    def test_endpoints_are_asked_for_what_they_require(self):
        config = ("remote_read: [{url: 'http://127.0.0.1:1/api/v1/read', read_recent: true, "
                  "required_matchers: {from: there}}]\n")
        with agent.Agent(config, "prometheus.yml") as reader:
            self.assertNotIn("warnings", json.loads(reader.get("/api/v1/query", query="up").text))
            asked = json.loads(reader.get("/api/v1/query", query='up{from="there"}').text)
            self.assertEqual(len(asked["warnings"]), 1)


if __name__ == "__main__":
    agent.main()
