# SPDX-License-Identifier: Apache-2.0
"""Real Prometheus servers for the integration tests, where the machine has one: in PROMETHEUS_BIN, in the
folder of NARTHEX_PEERS, or on the PATH."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request


def is_version_3(path):
    """Older ones know neither remote write 2.0 nor UTF-8 names."""
    if not os.path.exists(path):
        return False
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20)
    return "version 3." in answer.stdout + answer.stderr


PROMETHEUS = next((p for p in (os.environ.get("PROMETHEUS_BIN"),
                               os.path.join(os.environ.get("NARTHEX_PEERS", ""), "prometheus/usr/bin/prometheus"),
                               shutil.which("prometheus")) if p and is_version_3(p)), None)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Prometheus:
    """One server with a folder of its own; it may be stopped and started again over the same data."""

    def __init__(self, config="global: {}\n", features="exemplar-storage,native-histograms", arguments=()):
        self.folder = tempfile.TemporaryDirectory(prefix="narthex-peer-")
        self.config = os.path.join(self.folder.name, "prometheus.yml")
        with open(self.config, "w") as out:
            out.write(config)
        self.port = free_port()
        self.features = features
        self.arguments = list(arguments)
        self.process = None

    def start(self):
        log = open(os.path.join(self.folder.name, "log"), "a")
        self.process = subprocess.Popen(
            [PROMETHEUS, "--config.file=" + self.config, "--storage.tsdb.path=" + self.folder.name + "/data",
             "--web.listen-address=127.0.0.1:%d" % self.port, "--web.enable-remote-write-receiver",
             "--scrape.discovery-reload-interval=1s",
             "--enable-feature=" + self.features] + self.arguments, stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(self.url("/-/ready"), timeout=5).close()
                return self
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise AssertionError("Prometheus did not start:\n" + self.log())
                time.sleep(0.05)

    def stop(self, sig=signal.SIGTERM):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def log(self):
        with open(os.path.join(self.folder.name, "log")) as f:
            return f.read()

    def url(self, path, **params):
        query = "?" + urllib.parse.urlencode(params, True) if params else ""
        return "http://127.0.0.1:%d%s%s" % (self.port, path, query)

    def api(self, path, **params):
        with urllib.request.urlopen(self.url("/api/v1/" + path, **params), timeout=30) as answer:
            return json.load(answer)["data"]

    def metric(self, name):
        """Sum of a metric of its own."""
        with urllib.request.urlopen(self.url("/metrics"), timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(l.rsplit(" ", 1)[1]) for l in lines if l.split("{")[0].split(" ")[0] == name)


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
