# SPDX-License-Identifier: Apache-2.0
"""Other servers as processes, for tests of what is said between servers: Prometheus and VictoriaMetrics,
where they are installed (or named by PROMETHEUS_BIN, VICTORIA_METRICS_BIN)."""
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

PROMETHEUS = os.environ.get("PROMETHEUS_BIN") or shutil.which("prometheus")
VICTORIA_METRICS = os.environ.get("VICTORIA_METRICS_BIN") or shutil.which("victoria-metrics")
START_TIMEOUT_S = 30


class Peer:
    """One running server on a port that the system chose. Use it in a `with` block."""

    def __init__(self, config=""):
        self.folder = tempfile.TemporaryDirectory(prefix="narthex-peer-")
        self.config_path = os.path.join(self.folder.name, "config.yml")
        with open(self.config_path, "w") as out:
            out.write(config)

    def __enter__(self):
        self.process = subprocess.Popen(self.command(), stderr=subprocess.PIPE, text=True, cwd=self.folder.name)
        self.lines, self.port, found = [], None, threading.Event()

        def read():
            for line in self.process.stderr:
                self.lines.append(line)
                match = re.search(self.PORT, line)
                if match and self.port is None:
                    self.port = int(match.group(1))
                    found.set()
            found.set()
        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()
        found.wait(START_TIMEOUT_S)
        if self.port is None:
            self.__exit__()
            raise AssertionError("did not listen:\n" + "".join(self.lines))
        until(lambda: self.request("GET", self.READY)[0] == 200, "ready")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(5)
        self.process.stderr.close()
        self.folder.cleanup()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def query(self, expression, **params):
        """{tuple of sorted labels: value as text} of an instant vector."""
        params["query"] = expression
        status, body = self.request("GET", "/api/v1/query?" + urllib.parse.urlencode(params))
        answer = json.loads(body)
        assert answer["status"] == "success", answer
        assert not answer.get("warnings"), answer
        return {tuple(sorted(s["metric"].items())): s["value"][1] for s in answer["data"]["result"]}


class Prometheus(Peer):
    PORT, READY = r"Listening on.*address=127\.0\.0\.1:(\d+)", "/-/ready"

    def command(self):
        return [PROMETHEUS, "--config.file=" + self.config_path, "--storage.tsdb.path=" + self.folder.name + "/data",
                "--web.listen-address=127.0.0.1:0", "--web.enable-remote-write-receiver", "--log.level=info"]


class VictoriaMetrics(Peer):
    PORT, READY = r"server at http://127\.0\.0\.1:(\d+)/", "/health"

    def __enter__(self):
        # It does not tell the port that the system gave it.
        import socket
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.wanted_port = probe.getsockname()[1]
        return super().__enter__()

    def command(self):
        return [VICTORIA_METRICS, "-storageDataPath=" + self.folder.name + "/data", "-retentionPeriod=100y",
                "-httpListenAddr=127.0.0.1:%d" % self.wanted_port, "-search.latencyOffset=0s"]

    def flush(self):
        self.request("GET", "/internal/force_flush")


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
        time.sleep(0.05)


needs_prometheus = unittest.skipUnless(PROMETHEUS, "Prometheus is not installed")
needs_victoria_metrics = unittest.skipUnless(VICTORIA_METRICS, "VictoriaMetrics is not installed")
