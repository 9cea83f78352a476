# SPDX-License-Identifier: Apache-2.0
"""The agent on another engine: everything is written to it and read from it."""
import json
import time
import unittest

import agent
import peers
import wire
from remote_read_test import fill, points

TOML = """
[storage]
backend = "remote"
[storage.remote]
url = "http://%s"
engine = "%s"

[http]
remote_write_receiver = true
"""


class OnAnotherEngine:
    """What must hold on every engine."""

    def setUp(self):
        self.now = int(time.time()) * 1000
        self.server = self.start_server()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.agent = agent.Agent(TOML % (self.server.address, self.ENGINE))
        self.agent.start()
        self.addCleanup(self.agent.__exit__)

    def settle(self):
        pass

    def test_what_was_acknowledged_is_in_the_engine_and_comes_back(self):
        written = fill(self.agent, self.now, count=300)
        self.settle()
        there = self.server.query("count_over_time(level[2h])", time=self.now / 1000)
        self.assertEqual(sorted(there.values()), ["300"] * 7)
        back = self.agent.api("query", query="level[2h]", time=self.now / 1000)["result"]
        self.assertEqual(points(back), written)
        self.assertEqual(self.agent.query("sum(level)", time=self.now / 1000),
                         self.server.query("sum(level)", time=self.now / 1000))
        self.assertEqual(self.agent.api("label/s/values"), [str(s) for s in range(7)])
        self.assertIn("job", self.agent.api("labels"))
        self.assertEqual(len(self.agent.api("series", **{"match[]": 'level{s=~"[12]"}'})), 2)

    def test_a_series_that_ends_is_stale(self):
        stale = wire.series({"__name__": "ended"}, [(1.0, self.now - 20_000)]) + stale_series("ended", self.now - 10_000)
        self.assertEqual(self.agent.post("/api/v1/write", wire.snappy(stale), wire.HEADERS).status, 204)
        self.settle()
        self.assertEqual(self.agent.query("ended", time=self.now / 1000 - 15), {(("__name__", "ended"),): "1"})
        self.assertEqual(self.agent.query("ended", time=self.now / 1000), {})

    def test_without_the_engine_nothing_is_acknowledged(self):
        self.server.process.kill()
        self.server.process.wait()
        one = wire.snappy(wire.series({"__name__": "lost"}, [(1.0, self.now)]))
        answer = self.agent.post("/api/v1/write", one, wire.HEADERS)
        self.assertEqual(answer.status, 503)
        self.assertIn(self.server.address, answer.text)
        failed = json.loads(self.agent.get("/api/v1/query", query="up").text)
        self.assertEqual(failed["status"], "error")


def stale_series(name, t_ms):
    import struct
    sample = wire.field(2, wire.varint(1 << 3 | 1) + struct.pack("<Q", 0x7ff0000000000002) + wire.varint(2 << 3) +
                        wire.varint(t_ms))
    return wire.field(1, wire.label("__name__", name) + sample)


@peers.needs_prometheus
class OnPrometheus(OnAnotherEngine, unittest.TestCase):
    ENGINE = "prometheus"

    def start_server(self):
        return peers.Prometheus()


@peers.needs_victoria_metrics
class OnVictoriaMetrics(OnAnotherEngine, unittest.TestCase):
    ENGINE = "victoriametrics"

    def start_server(self):
        return peers.VictoriaMetrics()

    def settle(self):
        self.server.flush()


if __name__ == "__main__":
    agent.main()
