# SPDX-License-Identifier: Apache-2.0
"""Every format of real exporters, and bodies at the edges of each format, scraped by the agent and by a real
Prometheus: both must store the same. Skipped where there is no Prometheus (peers.py)."""
import subprocess
import time
import unittest

import agent
import exporter
import metric_proto as mp
import peers

INF = float("inf")
FEATURES = "native-histograms,exemplar-storage,extra-scrape-metrics"
ACCEPT = {
    "proto": "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    "om": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
    "om0": "application/openmetrics-text;version=0.0.1",
    "text1": "text/plain;version=1.0.0;escaping=allow-utf-8",
    "text": "text/plain;version=0.0.4",
}
EXPORTERS = {
    "node": ("prometheus-node-exporter", ["--web.listen-address=%(address)s"], ""),
    "push": ("prometheus-pushgateway", ["--web.listen-address=%(address)s", "--persistence.file=%(folder)s/pushed"], ""),
    "alert": ("prometheus-alertmanager", ["--config.file=%(folder)s/config.yml", "--storage.path=%(folder)s/data",
                                          "--web.listen-address=%(address)s", "--cluster.listen-address="],
              "route: {receiver: none}\nreceivers: [{name: none}]\n"),
    "prom": ("prometheus", ["--config.file=%(folder)s/config.yml", "--storage.tsdb.path=%(folder)s/data",
                            "--web.listen-address=%(address)s", "--enable-feature=native-histograms"],
             "global: {scrape_interval: 1s}\n"),
}
PYTHON_CLIENT = """
import sys, prometheus_client as p
from prometheus_client.openmetrics import exposition as om
r = p.CollectorRegistry()
c = p.Counter('c', 'A "counter"\\n2', ['l'], registry=r); c.labels('x').inc(2, {'trace_id': 'abc'}); c.labels('y\\n"').inc()
p.Gauge('g_bytes', 'g', unit='bytes', registry=r).set(1.5)
h = p.Histogram('h', 'h', ['l'], registry=r); h.labels('x').observe(0.2, {'trace_id': 'def'}); h.labels('x').observe(7)
s = p.Summary('s', 's', registry=r); s.observe(3)
p.Info('i', 'i', registry=r).info({'version': '1.2'})
p.Enum('e', 'e', states=['on', 'off'], registry=r).state('off')
sys.stdout.buffer.write((om if sys.argv[1] == 'om' else p).generate_latest(r))
"""
TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OM_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# Jobs see each body with these options; the name is part of the job's.
MODES = {
    "plain": "",
    "classic": "  always_scrape_classic_histograms: true\n",
    "nhcb": "  convert_classic_histograms_to_nhcb: true\n",
    "both": "  always_scrape_classic_histograms: true\n  convert_classic_histograms_to_nhcb: true\n",
    "few": "  native_histogram_bucket_limit: 6\n",
    "factor": "  native_histogram_min_bucket_factor: 1.5\n",
}
JOB = """- job_name: %s
  metrics_path: /%s
%s  static_configs: [{targets: ['%s']}]
"""
# Not of the body, or of the moment.
OWN = "up|scrape_duration_seconds|scrape_series_added"


def edge_bodies():
    """name -> (content type, body): what the formats allow, and what they do not."""
    now = int(time.time() * 1000)
    native = mp.native(3, 0.001, 2, (((0, 2), (1, 1)), (1, 2, -1)), (((0, 1),), (1,)))
    fine = mp.native(5, 1e-9, 0, (((-40, 30), (2, 30)), [1] + [0] * 59))
    classic = mp.classic(9, 12.5, [(0.1, 2), (1, 5), (INF, 9)])
    with_exemplar = mp.exemplar(3, 5, [("t", "timed")], now - 500)
    protobuf = {
        "kinds": mp.family("c_total", mp.COUNTER, [mp.counter([("a", "1")], 5, extra=mp.exemplar(2, 1.5, [("t", "x")], now)),
                                                   mp.counter([("a", "2"), ("b", "")], 6, ms=now - 1000)], "Help c")
        + mp.family("g_seconds", mp.GAUGE, [mp.gauge([], -1.5)], unit="seconds")
        + mp.family("u", mp.UNTYPED, [mp.untyped([("z.z", "\u00e9")], 2)])
        + mp.family("s", mp.SUMMARY, [mp.summary([("x", "y")], 3, 4.5, [(0.5, 1), (1, 2)]), mp.summary([], 7, 8, [])]),
        # Prometheus takes all of a family for what the first one is, native or classic: so do these.
        "histograms": mp.family("h", mp.HISTOGRAM, [
            mp.histogram([("l", "1")], classic + native), mp.histogram([("l", "2")], classic + native),
            mp.histogram([("l", "3")], mp.integer(1, 60) + mp.double(2, 3) + fine),
            mp.histogram([("l", "4")], mp.double(4, 9.5) + mp.double(2, 1) + mp.native_float(
                3, 0.001, 2.5, (((0, 2), (1, 1)), (1, 3, 2)), (((0, 1),), (1.0,)))),
            mp.histogram([("l", "5")], mp.integer(1, 0) + mp.native(3, 0, 0, (((0, 0),), ()))),
            mp.histogram([("l", "6")], mp.integer(1, 9) + mp.double(2, 1) + mp.native(
                3, .001, 2, (((0, 3), (0, 2), (1, 0), (2, 1)), (3, -3, 0, 1, -1, 3))))])
        + mp.family("c", mp.HISTOGRAM, [mp.histogram([("l", "1")], classic), mp.histogram([("l", "2")], b"")])
        + mp.family("gh", mp.GAUGE_HISTOGRAM, [mp.histogram([], classic + native)])
        + mp.family("fc", mp.HISTOGRAM, [mp.histogram([], mp.double(4, 9.5) + mp.double(2, 1) + mp.float_bucket(1, 2.5))]),
        "exemplars": mp.family("c", mp.HISTOGRAM, [
            mp.histogram([("l", "1")], mp.classic(9, 1, [(1, 5, mp.exemplar(3, .5, [("t", "untimed")])),
                                                         (INF, 9, with_exemplar)]))])
        + mp.family("h", mp.HISTOGRAM, [
            mp.histogram([("l", "2")], mp.classic(9, 1, [(INF, 9, with_exemplar)]) + native),
            mp.histogram([("l", "3")], mp.classic(9, 1, [(INF, 9, with_exemplar)]) + native
                         + mp.exemplar(16, 2, [("t", "n1")], now - 700) + mp.exemplar(16, 3, [("t", "n2")])
                         + mp.exemplar(16, 4, [("t", "n3")], now - 600))]),
        "odd": mp.family("a", mp.COUNTER, [mp.gauge([], 3), mp.labels(1, [("x", "novalue")])])
        + mp.family("empty", mp.COUNTER, []) + b"\0" + mp.family("a.b \u00fc", mp.GAUGE, [mp.gauge([("n.n", "v")], 1)])
        + mp.family("p", mp.COUNTER, [mp.field(3, mp.double(1, 7)) + mp.labels(1, [("late", "1")])])
        + mp.family("h", mp.HISTOGRAM, [mp.histogram([], mp.classic(9, 1, [(1, 2), (1, 5), (.5, 1), (INF, 9), (3, 4)])),
                                        mp.histogram([("n", "1")], mp.classic(9, 1, [(float("nan"), 2)])),
                                        mp.histogram([("f", "1")], mp.classic(9, 1, [(1, 5), (2, 4)]))]),
        "duplicates": mp.family("c", mp.COUNTER, [mp.counter([], 3), mp.counter([], 4)]),
        "bad_count": mp.family("h", mp.HISTOGRAM, [mp.histogram([], mp.integer(1, 3) + native)]),
        "bad_name": mp.family(b"c\xff", mp.COUNTER, [mp.counter([], 3)]),
        "bad_unit": mp.family("c", mp.GAUGE, [mp.gauge([], 3)], unit="seconds"),
        "bad_label": mp.family("c", mp.COUNTER, [mp.counter([("a", "1"), ("a", "2")], 3)]),
        "bad_type": mp.family("c", 9, [mp.counter([], 3)]),
        "cut": mp.family("c", mp.COUNTER, [mp.counter([], 3)])[:-3],
    }
    out = {"p_" + name: (mp.CONTENT_TYPE, body) for name, body in protobuf.items()}
    classic_lines = ('h_bucket{a="x",le="0.1"} 2\nh_bucket{le="1",a="x"} 5\nh_bucket{a="x",le="+Inf"} 9\n'
                     'h_sum{a="x"} 12.5\nh_count{a="x"} 9\n')
    text = {
        "utf8": '# TYPE "my.c" counter\n{"my.c",l="v"} 1\n{"my.c","x y"="z"} 2\n# HELP g Lines\\nand \\\\.\ng 1\n',
        "histogram": "# TYPE h histogram\n" + classic_lines + 'h_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_count 3.5\n'
        '# TYPE "q.h" histogram\n{"q.h_bucket",le="1"} 2\n{"q.h_count"} 2\n# TYPE g gauge\ng 1\nh_bucket{le="1"} 4\n',
        "no_bounds": '# TYPE h histogram\nh_bucket 3\nh_bucket{le="x"} 3\nh_count 3\nh_sum 1\n',
        "bounds": '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="1e6"} 2\nh_count 2\n'
                  '# TYPE s summary\ns{quantile="0.50"} 1\ns{quantile="1"} 2\n',
        "times": "a 1 %d\nb 2\n" % (now - 1000),
        "bad": "fine 1\nnot a line {\n",
    }
    out.update(("t_" + name, (TEXT_TYPE, body.encode())) for name, body in text.items())
    metrics = {
        "all": "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds Help \\\"q\\\".\n"
        'a_seconds_total{x="1"} 17 # {trace_id="KOO5"} 0.67\na_seconds_created{x="1"} 1\n'
        '# TYPE i info\ni_info{v="1"} 1\n# TYPE e stateset\ne{e="a"} 1\ne{e="b"} 0\n'
        '# TYPE gh gaugehistogram\ngh_bucket{le="+Inf"} 1\ngh_gcount 1\ngh_gsum 2\n# EOF\n',
        "histogram": "# TYPE h histogram\n" + classic_lines + "h_created 3\n"
        'h_bucket{le="1"} 1 # {t="x"} 0.5 %s\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n# EOF\n' % (now / 1000),
        "no_eof": "a 1\n",
        "after_eof": "a 1\n# EOF\nb 1\n",
        "bad_unit": "# UNIT a seconds\na 1\n# EOF\n",
        "spaces": "a  1\n# EOF\n",
    }
    out.update(("o_" + name, (OM_TYPE, body.encode())) for name, body in metrics.items())
    return out


def exporter_bodies():
    """name -> (content type, body), from the exporters that the machine has."""
    out = {}
    for name, (program, arguments, config) in EXPORTERS.items():
        if peers.program(program) is None:
            continue
        try:
            peer = peers.Peer(program, arguments, config, "/metrics").start()
        except AssertionError as failure:  # its files are elsewhere on this machine
            print("left out:", failure)
            continue
        try:
            for form, accept in ACCEPT.items():
                out["%s_%s" % (name, form)] = peer.get("/metrics", {"Accept": accept})
        finally:
            peer.close()
    for form, content_type in (("om", OM_TYPE), ("text", TEXT_TYPE)):
        made = subprocess.run(["/usr/bin/python3", "-c", PYTHON_CLIENT, form], capture_output=True, timeout=60)
        if made.returncode == 0:
            out["python_" + form] = (content_type, made.stdout)
    return out


def labels_of(metric):
    return tuple(sorted(metric.items()))


@peers.needs_prometheus_3
class ScrapeFormats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = exporter.Exporter()
        bodies = {**exporter_bodies(), **edge_bodies()}
        config = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
        cls.jobs = []
        for name, (content_type, body) in bodies.items():
            cls.target.pages["/" + name] = (200, content_type, body)
            for mode, options in MODES.items():
                # Real bodies are large: how they come out plain and as native histograms says enough.
                if not name.startswith(("p_", "t_", "o_")) and mode not in ("plain", "nhcb"):
                    continue
                cls.jobs.append(name + "." + mode)
                config += JOB % (cls.jobs[-1], name, options, cls.target.address)
        cls.prometheus = peers.Prometheus(config, FEATURES).start()
        cls.agent = agent.Agent(config, name="prometheus.yml", arguments=["--enable-feature=" + FEATURES]).start()
        for server in (cls.prometheus, cls.agent):
            agent.Agent.until(lambda s=server: len(s.api("query", query="up")["result"]) == len(cls.jobs),
                              "a scrape of every job", 40)

    @classmethod
    def tearDownClass(cls):
        cls.agent.__exit__()
        cls.prometheus.close()
        cls.target.close()

    @staticmethod
    def samples(server, job):
        result = server.api("query", query='{job="%s",__name__!~"%s"}' % (job, OWN))["result"]
        return {labels_of(s["metric"]): s["value"][1] if "value" in s else s["histogram"][1] for s in result}

    @staticmethod
    def health(server):
        return {t["labels"]["job"]: (t["health"], t["lastError"]) for t in server.api("targets")["activeTargets"]}

    def test_every_body_is_good_for_both_or_for_none(self):
        ours, theirs = self.health(self.agent), self.health(self.prometheus)
        for job in self.jobs:
            with self.subTest(job=job):
                self.assertEqual(ours[job][0], theirs[job][0], (ours[job][1], theirs[job][1]))

    def test_the_same_samples_are_stored(self):
        for job in self.jobs:
            with self.subTest(job=job):
                ours, theirs = self.samples(self.agent, job), self.samples(self.prometheus, job)
                if self.health(self.prometheus)[job][0] == "down":
                    # What stood before the error is counted by one and forgotten by the other.
                    ours = {k: v for k, v in ours.items() if not dict(k)["__name__"].startswith("scrape_")}
                    theirs = {k: v for k, v in theirs.items() if not dict(k)["__name__"].startswith("scrape_")}
                elif job.startswith(("o_", "python_om")) and job.endswith((".nhcb", ".both")):
                    # Prometheus loses _created series from the first histogram it converts on.
                    for name in ("_created", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling"):
                        ours = {k: v for k, v in ours.items() if not dict(k)["__name__"].endswith(name)}
                        theirs = {k: v for k, v in theirs.items() if not dict(k)["__name__"].endswith(name)}
                self.assertEqual(sorted(ours), sorted(theirs))
                self.assertEqual(ours, theirs)

    def test_the_same_metadata_is_kept(self):
        for job in (j for j in self.jobs if j.endswith(".plain")):
            with self.subTest(job=job):
                both = [sorted((m["metric"], m["type"], m["help"], m["unit"]) for m in server.api(
                    "targets/metadata", match_target='{job="%s"}' % job)) for server in (self.agent, self.prometheus)]
                if self.health(self.prometheus)[job][0] == "up":
                    self.assertEqual(*both)

    def test_the_same_exemplars_are_kept(self):
        now = time.time()
        found = 0
        for job in self.jobs:
            with self.subTest(job=job):
                both = []
                for server in (self.agent, self.prometheus):
                    answer = server.api("query_exemplars", query='{job="%s"}' % job, start=now - 3600, end=now + 60)
                    both.append({labels_of(s["seriesLabels"]): {(labels_of(e["labels"]), e["value"])
                                                                for e in s["exemplars"]} for s in answer})
                self.assertEqual(*both)
                found += len(both[0])
        self.assertGreater(found, 5)

    def test_requests_ask_for_the_same(self):
        accepted = {}
        for path, headers in list(self.target.requests):
            accepted.setdefault(headers["User-Agent"].split("/")[0], set()).add(headers["Accept"])
        self.assertEqual(accepted["Narthex"], accepted["Prometheus"])


@peers.needs_prometheus_3
class StartTimes(unittest.TestCase):
    """--enable-feature=created-timestamp-zero-ingestion: the zeros at the same times."""

    def test_zeros_are_stored_at_the_time_of_creation(self):
        begun = int(time.time()) * 1000 - 30000
        native = mp.integer(1, 9) + mp.double(2, 1) + mp.native(3, .001, 2, (((0, 2),), (3, 1)))
        bodies = {
            "proto": (mp.CONTENT_TYPE, mp.family("c_total", mp.COUNTER, [mp.counter([("a", "1")], 5, created=begun),
                                                                         mp.counter([("a", "2")], 6)])
                      + mp.family("s", mp.SUMMARY, [mp.summary([], 3, 4.5, [(0.5, 1)], created=begun + 250)])
                      + mp.family("h", mp.HISTOGRAM, [mp.histogram([], native, created=begun)])
                      + mp.family("k", mp.HISTOGRAM, [mp.histogram([], mp.classic(9, 1, [(1, 5)]), created=begun)])
                      + mp.family("g", mp.GAUGE, [mp.gauge([], 1)])),
            "om": (OM_TYPE, ("# TYPE c counter\nc_total{a=\"1\"} 5\nc_created{a=\"1\"} %(t)s\nc_total{a=\"2\"} 5\n"
                             "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_count 1\nh_sum 1\n"
                             "h_created %(t)s\n# TYPE g gauge\ng 1\ng_created 7\n# EOF\n" % {"t": begun / 1000}).encode()),
        }
        target = exporter.Exporter()
        self.addCleanup(target.close)
        config = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
        for name, (content_type, body) in bodies.items():
            target.pages["/" + name] = (200, content_type, body)
            config += JOB % (name, name, "", target.address)
        features = "native-histograms,created-timestamp-zero-ingestion"
        prometheus = peers.Prometheus(config, features).start()
        self.addCleanup(prometheus.close)
        with agent.Agent(config, name="prometheus.yml", arguments=["--enable-feature=" + features]) as ours:
            both = []
            for server in (ours, prometheus):
                agent.Agent.until(lambda s=server: len(s.api("query", query="count_over_time(up[1m]) > 2")["result"]) == 2,
                                  "three scrapes", 40)
                found = {}
                for s in server.api("query", query='{job=~"om|proto",__name__!~"scrape_.*|up"}[5m]')["result"]:
                    times = [round(p[0] * 1000) for p in s.get("values", []) + s.get("histograms", [])]
                    first = s["values"][0][1] if "values" in s else s["histograms"][0][1]
                    labels = labels_of({k: v for k, v in s["metric"].items() if k != "instance"})
                    found[labels] = (min(times), first) if min(times) < begun + 10000 else "none"
                both.append(found)
        self.maxDiff = None
        self.assertEqual(*both)
        self.assertIn((begun, "0"), both[0].values())


@peers.needs_prometheus_3
class EmptyLabels(unittest.TestCase):
    """A label that a page has without a value: what it keeps off, and that it is not stored."""

    def test_an_empty_label_keeps_the_targets_off_where_labels_are_honored(self):
        cases = [([("a", "1"), ("instance", "")], 1), ([("a", "2"), ("instance", ""), ("job", "")], 2),
                 ([("a", "3"), ("b", "")], 3), ([("a", "4"), ("instance", "x")], 4)]
        text = "# TYPE m gauge\n" + "".join(
            "m{%s} %d\n" % (",".join('%s="%s"' % label for label in labels), v) for labels, v in cases)
        pages = {"text": (TEXT_TYPE, text.encode()), "om": (OM_TYPE, (text + "# EOF\n").encode()),
                 "proto": (mp.CONTENT_TYPE, mp.family("m", mp.GAUGE, [mp.gauge(labels, v) for labels, v in cases]))}
        target = exporter.Exporter()
        self.addCleanup(target.close)
        config = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
        for name, (content_type, body) in pages.items():
            target.pages["/" + name] = (200, content_type, body)
            for honor in ("true", "false"):
                config += ("- {job_name: %s_%s, honor_labels: %s, metrics_path: /%s, static_configs: [{targets: ['%s']}]}\n"
                           % (name, honor, honor, name, target.address))
        prometheus = peers.Prometheus(config).start()
        self.addCleanup(prometheus.close)
        with agent.Agent(config, name="prometheus.yml", arguments=["--enable-feature=native-histograms"]) as ours:
            found = []
            for server in (ours, prometheus):
                agent.Agent.until(lambda s=server: len(s.api("query", query="up == 1")["result"]) == 6, "every scrape", 40)
                found.append(sorted(labels_of(s["metric"]) for s in server.api("query", query="m")["result"]))
        self.maxDiff = None
        self.assertEqual(*found)
        self.assertIn(labels_of({"__name__": "m", "a": "1", "job": "proto_true"}), found[0])
        self.assertIn(labels_of({"__name__": "m", "a": "2"}), found[0])


if __name__ == "__main__":
    agent.main()
