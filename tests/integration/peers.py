# SPDX-License-Identifier: Apache-2.0
"""Other servers as processes, for tests of what is said between servers: Prometheus, VictoriaMetrics, Prometheus's own
exporters. A program is where PROMETHEUS_BIN and the like say, in the folder of NARTHEX_PEERS (one Debian package tree
for each), or on the PATH; tests of one that is nowhere are skipped."""
import functools
import glob
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

START_TIMEOUT_S = 30


def programs(name):
    """The paths of a program, the best first."""
    named = os.environ.get(name.upper().replace("-", "_") + "_BIN", "")
    inside = sorted(glob.glob(os.path.join(os.environ.get("NARTHEX_PEERS", "/nowhere"), "*/usr/bin", name)))
    return [p for p in (named, *inside, shutil.which(name)) if p and os.access(p, os.X_OK)]


def program(name):
    """The path of a program, or None."""
    return next(iter(programs(name)), None)


@functools.cache
def version_of(path):
    """The major version of a Prometheus: older ones than 3 know neither remote write 2.0 nor UTF-8 names."""
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20)
    return 3 if "version 3." in answer.stdout + answer.stderr else 2


def prometheus_version():
    """Of the one that tests take, or 0."""
    path = program("prometheus")
    return version_of(path) if path else 0


def prometheus_2():
    """The path of an old one, or None."""
    return next((p for p in programs("prometheus") if version_of(p) == 2), None)


needs_prometheus = unittest.skipUnless(program("prometheus"), "there is no Prometheus")
needs_prometheus_3 = unittest.skipUnless(prometheus_version() >= 3, "there is no Prometheus 3")
needs_prometheus_2 = unittest.skipUnless(prometheus_2(), "there is no Prometheus 2")
needs_pushgateway = unittest.skipUnless(program("prometheus-pushgateway"), "there is no Pushgateway")
needs_vmagent = unittest.skipUnless(program("vmagent"), "there is no vmagent")
needs_victoria_metrics = unittest.skipUnless(program("victoria-metrics"), "there is no VictoriaMetrics")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, what, timeout_s=START_TIMEOUT_S):
    """Waits for a condition that a server will bring about by itself."""
    end = time.monotonic() + timeout_s
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise AssertionError("never came: " + what)
        time.sleep(0.02)


class Peer:
    """One server with a folder of its own; it may be stopped and started again over the same data. Use it in a `with`
    block, or start() it and close() it. `arguments` may have %(address)s, %(folder)s and %(config)s in them."""

    def __init__(self, name, arguments, config="", ready="/-/ready"):
        self.name, self.arguments, self.ready = name, arguments, ready
        self.program = program(name)
        self.folder = tempfile.TemporaryDirectory(prefix="narthex-peer-")
        self.config = os.path.join(self.folder.name, "config.yml")
        self.write_config(config)
        self.port = free_port()
        self.process = None

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    def write_config(self, text):
        with open(self.config, "w") as out:
            out.write(text)

    def start(self):
        places = {"address": self.address, "folder": self.folder.name, "config": self.config}
        with open(os.path.join(self.folder.name, "log"), "a") as log:
            self.process = subprocess.Popen([self.program] + [a % places for a in self.arguments], stdout=log,
                                            stderr=log, cwd=self.folder.name)
        try:
            until(lambda: self.request("GET", self.ready)[0] == 200 or self.process.poll() is not None, self.name)
            if self.process.poll() is not None:
                raise AssertionError("it ended")
        except AssertionError:
            text = self.log()
            self.close()
            raise AssertionError("%s did not start:\n%s" % (self.name, text)) from None
        return self

    def stop(self, sig=signal.SIGTERM):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(sig)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def close(self):
        self.stop()
        self.folder.cleanup()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def log(self):
        with open(os.path.join(self.folder.name, "log")) as text:
            return text.read()

    # ---- HTTP

    def request(self, method, path, body=None, headers=None):
        """(status, bytes)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path, headers=None):
        """(content type, bytes) of what must be there."""
        request = urllib.request.Request("http://" + self.address + path, headers=headers or {})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.headers.get("Content-Type"), answer.read()

    def api(self, path, **params):
        """The data of an API call that must succeed, without a warning."""
        answer = json.loads(self.get("/api/v1/" + path + "?" + urllib.parse.urlencode(params, True))[1])
        assert answer["status"] == "success" and not answer.get("warnings"), answer
        return answer["data"]

    def query(self, expression, **params):
        """{tuple of sorted labels: value as text} of an instant vector."""
        result = self.api("query", query=expression, **params)["result"]
        return {tuple(sorted(s["metric"].items())): s["value"][1] for s in result}

    def metric(self, name):
        """Sum of a metric of its own."""
        lines = self.get("/metrics")[1].decode().splitlines()
        return sum(float(l.rsplit(" ", 1)[1]) for l in lines if l.split("{")[0].split(" ")[0] == name)


class Prometheus(Peer):
    def __init__(self, config="global: {}\n", features="exemplar-storage,native-histograms", arguments=(), path=None):
        path = path or program("prometheus")
        flags = ["--config.file=%(config)s", "--storage.tsdb.path=%(folder)s/data", "--web.listen-address=%(address)s",
                 "--web.enable-remote-write-receiver", "--enable-feature=" + features]
        if version_of(path) >= 3:
            flags.append("--scrape.discovery-reload-interval=1s")
        super().__init__("prometheus", flags + list(arguments), config)
        self.program = path


class VictoriaMetrics(Peer):
    def __init__(self):
        super().__init__("victoria-metrics", ["-storageDataPath=%(folder)s/data", "-retentionPeriod=100y",
                                              "-httpListenAddr=%(address)s", "-search.latencyOffset=0s"], ready="/health")

    def flush(self):
        self.request("GET", "/internal/force_flush")


class VmAgent(Peer):
    def __init__(self, config, url, arguments=()):
        super().__init__("vmagent", ["-promscrape.config=%(config)s", "-remoteWrite.tmpDataPath=%(folder)s/data",
                                     "-remoteWrite.flushInterval=200ms", "-httpListenAddr=%(address)s",
                                     "-remoteWrite.url=" + url, *arguments], config, "/health")


# ---- what a server has; `server` may be an agent, too


def samples(server, selector, at_s):
    """{labels: {time: value or histogram as text}} of a range selector, float and native samples alike."""
    out = {}
    for series in server.api("query", query=selector, time=at_s)["result"]:
        rows = {t: v for t, v in series.get("values", [])}
        rows.update({t: json.dumps(h, sort_keys=True) for t, h in series.get("histograms", [])})
        out[tuple(sorted(series["metric"].items()))] = rows
    return out


def exemplars(server, selector, start_s, end_s):
    out = set()
    for series in server.api("query_exemplars", query=selector, start=start_s, end=end_s):
        for e in series["exemplars"]:
            out.add((tuple(sorted(series["seriesLabels"].items())), tuple(sorted(e["labels"].items())),
                     e["value"], e["timestamp"]))
    return out
