# SPDX-License-Identifier: Apache-2.0
"""Pushes to our gateway and to a real Pushgateway, side by side: by the client libraries of Python and Node, and what the
gateway's own documentation has. Answers, groups and what a scrape sees are the same."""
import json
import os
import re
import subprocess
import unittest

import agent
import peers

CONFIG = """
[[ingest]]
plugin = "pushgateway"
enable_admin_api = true
"""
# What comes first as an argument is host:port.
PYTHON = """
import sys, prometheus_client as p
gateway = sys.argv[1]
r = p.CollectorRegistry()
p.Gauge('last_success_unixtime', 'When it "worked"', registry=r).set(12345.5)
c = p.Counter('runs', 'Runs', ['kind'], registry=r); c.labels('full').inc(3); c.labels('d\\u00e9j\\u00e0 "x"\\n').inc()
h = p.Histogram('took_seconds', 'How long', registry=r); h.observe(0.2); h.observe(70)
s = p.Summary('bytes', 'Size', registry=r); s.observe(3)
p.push_to_gateway(gateway, job='py', registry=r)
p.push_to_gateway(gateway, job='py/slash', registry=r, grouping_key={'instance': 'a/b', 'empty': '', 'n': '\\u00fc'})
small = p.CollectorRegistry()
p.Gauge('extra', 'One more', registry=small).set(1)
p.pushadd_to_gateway(gateway, job='py', registry=small)
p.push_to_gateway(gateway, job='py', registry=small, grouping_key={'gone': '1'})
p.delete_from_gateway(gateway, job='py', grouping_key={'gone': '1'})
"""
NODE = """
const client = require('prom-client');
const registry = new client.Registry();
new client.Gauge({name: 'n_gauge', help: 'A gauge', labelNames: ['l'], registers: [registry]}).set({l: 'x"\\\\y'}, -1.5);
new client.Counter({name: 'n_total', help: 'A counter', registers: [registry]}).inc(7);
const h = new client.Histogram({name: 'n_seconds', help: 'A histogram', buckets: [0.1, 1], registers: [registry]});
h.observe(0.05); h.observe(5);
new client.Summary({name: 'n_bytes', help: 'A summary', percentiles: [0.5], registers: [registry]}).observe(4);
const gateway = new client.Pushgateway('http://' + process.argv[2], {}, registry);
(async () => {
  await gateway.push({jobName: 'node'});
  await gateway.pushAdd({jobName: 'node', groupings: {instance: 'a b', path: 'd\u00e9j\u00e0'}});
  await gateway.push({jobName: 'node', groupings: {gone: '1'}});
  await gateway.delete({jobName: 'node', groupings: {gone: '1'}});
})().catch(e => { console.error(e); process.exit(1); });
"""
# The requests of Pushgateway's README, and their neighbours: method, path, body.
DOCUMENTED = [
    ("POST", "/metrics/job/some_job", "some_metric 3.14\n"),
    ("POST", "/metrics/job/some_job/instance/some_instance",
     "# TYPE some_metric counter\nsome_metric{label=\"val1\"} 42\n# TYPE another_metric gauge\n"
     "# HELP another_metric Just an example.\nanother_metric 2398.283\n"),
    ("PUT", "/metrics/job/some_job/instance/some_instance", "# TYPE some_metric untyped\nsome_metric{label=\"val1\"} 43\n"),
    ("POST", "/metrics/job/directory_cleaner/path@base64/L3Zhci90bXA", "cleaned 5\n"),
    ("PUT", "/metrics/job/titan/name@base64/zqDPgc6_zrzOt864zrXPjc-C", "moons 7\n"),
    ("PUT", "/metrics/job@base64/c29tZS9qb2I", "a 1\n"),
    ("PUT", "/metrics/job/example/first_label@base64/=/second_label/foobar", "a 1\n"),
    ("PUT", "/metrics/job/t/instance/i", "without_end 1"),
    ("PUT", "/metrics/job/t/instance/i", "b{job=\"other\",instance=\"none\"} 1\n"),
    ("PUT", "/metrics/job/t/instance/i", "twice 1\ntwice 2\n"),
    ("PUT", "/metrics/job/t/instance/i", "timed 1 1600000000000\n"),
    ("PUT", "/metrics/job/t/instance/i", "push_time_seconds 1\n"),
    ("PUT", "/metrics/job/t", "# TYPE kind gauge\nkind 1\n"),
    ("PUT", "/metrics/job/u", "# TYPE kind counter\nkind 1\n"),
    ("PUT", "/metrics/job/u", "# TYPE kind gauge\nkind 2\n"),
    ("PUT", "/metrics/job/t/odd", "a 1\n"),
    ("PUT", "/metrics/job/t/1bad/x", "a 1\n"),
    ("PUT", "/metrics/instance/x", "a 1\n"),
    ("PUT", "/metrics/job/x@base64/L3", "a 1\n"),
    ("PUT", "/metrics/job/x/y@base64/!!", "a 1\n"),
    ("POST", "/metrics/job/t", ""),
    ("PUT", "/metrics/job/u", ""),
    ("DELETE", "/metrics/job/some_job/instance/some_instance", ""),
    ("DELETE", "/metrics/job/never/instance/there", ""),
    ("GET", "/metrics/job/some_job", ""),
    ("DELETE", "/metrics", ""),
    ("PUT", "/api/v1/admin/wipe", ""),
    ("POST", "/api/v1/admin/wipe", ""),
    ("PUT", "/metrics/job/after", "wipe 1\n"),
]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def has_prom_client():
    return peers.shutil.which("node") is not None and run("node", "-e", "require.resolve('prom-client')").returncode == 0


def has_python_client():
    return os.path.exists("/usr/bin/python3") and run("/usr/bin/python3", "-c", "import prometheus_client").returncode == 0


def without_times(groups):
    """Groups and what is in them in an order, with nothing that depends on the moment."""
    for group in groups:
        for name, family in group.items():
            if isinstance(family, dict) and "time_stamp" in family:
                family["time_stamp"] = ""
                family["metrics"].sort(key=lambda m: sorted(m["labels"].items()))
            if name in ("push_time_seconds", "push_failure_time_seconds") or name.endswith("_created"):
                for metric in family["metrics"]:
                    metric["value"] = metric["value"] == "0"
    return sorted(groups, key=lambda g: sorted(g["labels"].items()))


def pushed(text):
    """The lines of a scrape that belong to pushes in an order, times left out."""
    own = re.compile(r"(# (HELP|TYPE) )?(go|process|promhttp|pushgateway|push_time|push_failure)_")
    return sorted(l for l in text.splitlines() if not own.match(l) and not re.match(r"\w+_created\{", l))


@peers.needs_pushgateway
class SideBySide(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.ours = agent.Agent(CONFIG).start()
        self.addCleanup(self.ours.__exit__)
        self.theirs = peers.Peer("prometheus-pushgateway", ["--web.listen-address=%(address)s", "--web.enable-admin-api",
                                                            "--persistence.file=%(folder)s/pushed"], "", "/-/ready").start()
        self.addCleanup(self.theirs.close)

    def same_state(self, what):
        ours = json.loads(self.ours.get("/api/v1/metrics").text)
        theirs = json.loads(self.theirs.get("/api/v1/metrics")[1])
        self.assertEqual(without_times(ours["data"]), without_times(theirs["data"]), what)
        self.assertEqual(pushed(self.ours.get("/pushgateway/metrics").text),
                         pushed(self.theirs.get("/metrics")[1].decode()), what)

    def pushed_by(self, *command):
        for address in ("127.0.0.1:%d" % self.ours.port, self.theirs.address):
            ended = run(*command, address)
            self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.same_state(command[0])
        return json.loads(self.ours.get("/api/v1/metrics").text)["data"]

    @unittest.skipUnless(has_python_client(), "there is no prometheus_client for Python")
    def test_pythons_client(self):
        groups = self.pushed_by("/usr/bin/python3", "-c", PYTHON)
        self.assertEqual(len(groups), 2)
        self.ours.until(lambda: self.ours.query('took_seconds_count{job="py/slash",instance="a/b"}'), "its samples", 30)

    @unittest.skipUnless(has_prom_client(), "there is no prom-client for Node (NODE_PATH)")
    def test_nodes_client(self):
        script = os.path.join(self.ours.folder.name, "push.js")
        with open(script, "w") as out:
            out.write(NODE)
        self.assertEqual(len(self.pushed_by("node", script)), 2)

    def test_what_the_documentation_has(self):
        for method, path, body in DOCUMENTED:
            with self.subTest(method=method, path=path, body=body):
                ours = self.ours.request(method, path, body.encode())
                status, text = self.theirs.request(method, path, body.encode())
                self.assertEqual(ours.status, status)
                if method == "PUT" and status == 400:
                    # Which of two metrics that clash it names varies.
                    self.assertEqual(ours.text.split(" { ")[0], text.decode().split(" { ")[0])
                self.same_state(path)
        ours, theirs = (json.loads(text)["data"] for text in
                        (self.ours.get("/api/v1/status").text, self.theirs.get("/api/v1/status")[1]))
        self.assertEqual(sorted(ours), sorted(theirs))


if __name__ == "__main__":
    agent.main()
