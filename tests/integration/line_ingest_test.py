# SPDX-License-Identifier: Apache-2.0
"""Receivers of lines in the real agent, through real sockets: InfluxDB's, Graphite's, StatsD's and
OpenTSDB's protocols, and import and export."""
import gzip
import json
import os
import re
import socket
import tempfile
import time
import unittest

import agent

CONFIG = """
[global]

[[ingest]]
plugin = "influx"

[[ingest]]
plugin = "influx"
listen = "127.0.0.1:0"

[[ingest]]
plugin = "graphite"
listen = "127.0.0.1:0"
labels = { site = "oslo" }

[[ingest]]
plugin = "statsd"
listen = "127.0.0.1:0"
flush_interval = "100ms"

[[ingest]]
plugin = "opentsdb"

[[ingest]]
plugin = "opentsdb"
listen = "127.0.0.1:0"
transport = "tcp"

[[ingest]]
plugin = "import"
"""


def ports(log):
    """{receiver: port} from the log of an agent."""
    found = re.findall(r'msg=listening receiver=(\S+) at=127\.0\.0\.1:(\d+)', log)
    return {name: int(port) for name, port in found}


class Sockets:
    """What sends to the receivers of an agent."""

    def __init__(self, running):
        self.ports = ports(running.log())

    def tcp(self, receiver, *pieces):
        with socket.create_connection(("127.0.0.1", self.ports[receiver]), timeout=10) as connection:
            for piece in pieces:
                connection.sendall(piece)

    def udp(self, receiver, *datagrams):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for datagram in datagrams:
                sender.sendto(datagram, ("127.0.0.1", self.ports[receiver]))


class LineIngest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = agent.Agent(CONFIG).start()
        cls.sockets = Sockets(cls.agent)
        cls.now = int(time.time())

    @classmethod
    def tearDownClass(cls):
        cls.agent.__exit__()

    def comes(self, expression, wanted):
        """Waits until an instant query gives exactly this: {labels: value}."""
        seen = {}

        def holds():
            seen.clear()
            seen.update(self.agent.query(expression))
            return seen == wanted
        try:
            agent.Agent.until(holds, expression)
        except AssertionError:
            self.fail("%s gave %s\n%s" % (expression, seen, self.agent.log()))

    @staticmethod
    def series(value, **labels):
        name = labels.pop("name")
        return {tuple(sorted(dict(labels, __name__=name).items())): value}

    # ---- influx

    def test_influx_over_http(self):
        body = b"cpu,host=a usage=1.5,count=3i,up=t,text=\"x\" %d000000000\n" % self.now
        self.assertEqual(self.agent.post("/write?db=mydb", body).status, 204)
        self.comes('{__name__=~"cpu_.*"}', {
            **self.series("1.5", name="cpu_usage", db="mydb", host="a"),
            **self.series("3", name="cpu_count", db="mydb", host="a"),
            **self.series("1", name="cpu_up", db="mydb", host="a")})

    def test_influx_version_2_and_gzip(self):
        body = gzip.compress(b"mem free=7 %d" % self.now)
        answer = self.agent.post("/api/v2/write?bucket=b&org=o&precision=s", body, {"Content-Encoding": "gzip"})
        self.assertEqual(answer.status, 204)
        self.comes("mem_free", self.series("7", name="mem_free"))

    def test_influx_says_which_line_is_wrong(self):
        answer = self.agent.post("/influx/write", b"good f=1\nbad f=x\n")
        self.assertEqual(answer.status, 400)
        self.assertIn("line 2, column 7", json.loads(answer.text)["error"])
        self.comes("good_f", self.series("1", name="good_f"))

    def test_influx_clients_find_what_they_ask_for(self):
        self.assertEqual(self.agent.get("/ping").status, 204)
        answer = self.agent.post("/query", b"q=CREATE+DATABASE+telegraf",
                                 {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(answer.status, 200)
        self.assertIn("_internal", answer.text)

    def test_influx_over_sockets(self):
        self.sockets.tcp("ingest.influx#1", b"tcp v=1\nhalf", b" v=2")
        self.sockets.udp("ingest.influx#1", b"udp v=3")
        self.comes('{__name__=~"(tcp|half|udp)_v"}', {
            **self.series("1", name="tcp_v"), **self.series("2", name="half_v"), **self.series("3", name="udp_v")})

    # ---- graphite

    def test_graphite_over_tcp_and_udp(self):
        self.sockets.tcp("ingest.graphite", b"g.a 1 %d\ng.tags;t=v 2\nbad\n" % self.now, b"g.tail 3 -1")
        self.sockets.udp("ingest.graphite", b"g.udp 4")
        self.comes('{__name__=~"g\\\\..*"}', {
            **self.series("1", name="g.a", site="oslo"), **self.series("2", name="g.tags", t="v", site="oslo"),
            **self.series("3", name="g.tail", site="oslo"), **self.series("4", name="g.udp", site="oslo")})
        self.assertIn("lines refused", self.agent.log())

    # ---- statsd

    def test_statsd_over_udp_and_tcp(self):
        self.sockets.udp("ingest.statsd", b"hits:1|c|#code:200", b"hits:1|c|@0.5|#code:200")
        self.sockets.tcp("ingest.statsd", b"temp:5|g\ntemp:+2|g\n", b"took:250|ms\n")
        self.comes("hits", self.series("3", name="hits", code="200"))
        self.comes("temp", self.series("7", name="temp"))
        self.comes("took_sum", self.series("0.25", name="took_sum"))

    # ---- opentsdb

    def test_opentsdb_over_http_and_tcp(self):
        body = json.dumps([{"metric": "o.http", "timestamp": self.now, "value": 1, "tags": {"a": "b"}}])
        answer = self.agent.post("/api/put?summary", body.encode())
        self.assertEqual((answer.status, json.loads(answer.text)), (200, {"failed": 0, "success": 1}))
        self.sockets.tcp("ingest.opentsdb#2", b"put o.tcp %d 2 a=b\n" % self.now)
        self.comes('{__name__=~"o\\\\..*"}', {
            **self.series("1", name="o.http", a="b"), **self.series("2", name="o.tcp", a="b")})

    def test_what_the_storage_refuses_is_no_success_whatever_the_plugin_said(self):
        point = {"metric": "o.twice", "timestamp": self.now}
        body = json.dumps([dict(point, value=1), dict(point, value=2)])
        answer = self.agent.post("/api/put?summary", body.encode())
        self.assertEqual(answer.status, 400, answer.text)
        self.assertIn("1 of 2 samples were refused", answer.text)

    # ---- import and export

    def test_import_of_text(self):
        answer = self.agent.post("/api/v1/import/prometheus/metrics/job/j?extra_label=x=y",
                                 b"# TYPE t counter\nt{q=\"r\"} 5 %d000\n" % self.now)
        self.assertEqual(answer.status, 204)
        self.comes("t", self.series("5", name="t", job="j", q="r", x="y"))

    def test_what_is_exported_can_be_imported(self):
        lines = "".join(json.dumps({"metric": {"__name__": "exp", "i": str(i)}, "values": [i, i + 0.5],
                                    "timestamps": [self.now * 1000 - 60_000, self.now * 1000]},
                                   separators=(",", ":")) + "\n" for i in range(100))
        self.assertEqual(self.agent.post("/api/v1/import", lines.encode()).status, 204)
        exported = self.agent.get("/api/v1/export", **{"match[]": ["exp", 'exp{i="1"}']})
        self.assertEqual(exported.status, 200)
        parsed = [json.loads(line) for line in exported.text.splitlines()]
        by_series = {}
        for line in parsed:
            samples = by_series.setdefault(line["metric"]["i"], [])
            samples += zip(line["timestamps"], line["values"])
        self.assertEqual(len(parsed), 100)
        self.assertEqual(by_series["7"], [(self.now * 1000 - 60_000, 7), (self.now * 1000, 7.5)])
        renamed = exported.text.replace('"exp"', '"exp2"')
        self.assertEqual(self.agent.post("/api/v1/import", renamed.encode()).status, 204)
        self.comes("count(exp2)", {(): "100"})
        self.assertEqual(self.agent.get("/api/v1/export").status, 400)

    # ---- the agent's side

    def test_receivers_count(self):
        self.sockets.tcp("ingest.graphite", b"counted 1\n")
        agent.Agent.until(lambda: re.search(
            r'narthex_ingest_received_bytes_total\{receiver="ingest\.graphite",transport="tcp"\} [1-9]',
            self.agent.get("/metrics").text), "bytes of the receiver")
        text = self.agent.get("/metrics").text
        self.assertRegex(text, r'narthex_ingest_connections_total\{receiver="ingest\.graphite"\} [1-9]')
        self.assertRegex(text, r'narthex_ingest_graphite_lines_total\{[^}]*\} [1-9]')


class Ends(unittest.TestCase):
    CONFIG = """
[[ingest]]
plugin = "graphite"
listen = "127.0.0.1:0"

[[ingest]]
plugin = "statsd"
listen = "127.0.0.1:0"
flush_interval = "1h"
"""

    def test_what_was_sent_before_the_end_is_there_after_a_start(self):
        with agent.Agent(self.CONFIG) as running:
            sockets = Sockets(running)
            now = int(time.time())
            connection = socket.create_connection(("127.0.0.1", sockets.ports["ingest.graphite"]))
            connection.sendall(b"".join(b"stop.m;i=%d 1 %d\n" % (i, now) for i in range(1000)))
            sockets.udp("ingest.statsd", *[b"stopped:1|c" for _ in range(100)])
            self.assertEqual(running.stop(), 0)
            connection.close()
            running.process.stderr.close()
            running.start()
            self.assertEqual(running.query('count({"stop.m"})'), {(): "1000"})
            self.assertEqual(list(running.query("stopped").values()), ["100"])

    def test_reload_changes_receivers(self):
        with agent.Agent(self.CONFIG) as running:
            before = ports(running.log())
            running.write_config(self.CONFIG.split("[[ingest]]\nplugin = \"statsd\"")[0])
            running.process.send_signal(1)
            with_statsd = ("127.0.0.1", before["ingest.statsd"])

            def gone():
                try:
                    socket.create_connection(with_statsd).close()
                    return False
                except ConnectionRefusedError:
                    return True
            agent.Agent.until(gone, "the end of a receiver")
            socket.create_connection(("127.0.0.1", before["ingest.graphite"])).close()


class Configuration(unittest.TestCase):
    def findings(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "c.toml")
            with open(path, "w") as out:
                out.write(text)
            done = agent.run_to_end("check", "config", path)
            return done.returncode, done.stdout + done.stderr

    def test_wrong_options_are_told_with_their_place(self):
        cases = {
            'plugin = "graphite"\n': 'plugin "graphite" does not offer narthex.ingest/1: it needs sockets',
            'plugin = "import"\nlisten = "127.0.0.1:0"\n': "it takes HTTP only, leave listen out",
            'plugin = "graphite"\nlisten = "127.0.0.1:0"\ntransport = "sctp"\n': "c.toml:4",
            'plugin = "graphite"\nlisten = "127.0.0.1:0"\nnope = 1\n': "c.toml:4",
            'plugin = "influx"\nflush_interval = "5s"\n': "flush_interval needs listen",
            'plugin = "influx"\nprecision = "days"\n': "c.toml:3",
            'plugin = "statsd"\nlisten = "127.0.0.1:0"\nmappings = [{ match = "a*.b", name = "c" }]\n': "c.toml:4",
            'plugin = "statsd"\nlisten = "127.0.0.1:0"\nbuckets = [2, 1]\n': "buckets must rise",
        }
        for text, wanted in cases.items():
            with self.subTest(text):
                status, output = self.findings("[[ingest]]\n" + text)
                self.assertEqual(status, 3, output)
                self.assertIn(wanted, output)


if __name__ == "__main__":
    agent.main()
