# SPDX-License-Identifier: Apache-2.0
"""The real binary as a process, for the integration tests: starts it on port 0 with a folder of its
own, talks HTTP to it, and makes sure that it is gone afterwards."""
import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import peers

BIN = os.environ["NARTHEX_BIN"]
START_TIMEOUT_S = 30 if "NARTHEX_SLOW" in os.environ else 10


class Agent:
    """One running agent. Use it in a `with` block."""

    def __init__(self, config=None, name="narthex.toml", arguments=()):
        self.folder = tempfile.TemporaryDirectory(prefix="narthex-test-")
        self.data = os.path.join(self.folder.name, "data")
        self.config_path = None
        self.lines = []
        self.arguments = list(arguments)
        if config is not None:
            self.config_path = os.path.join(self.folder.name, name)
            self.write_config(config)

    def write_config(self, text):
        with open(self.config_path, "w") as out:
            out.write(text)

    def start(self):
        command = [BIN, "serve", "--data", self.data, "--listen", "127.0.0.1:0"]
        if self.config_path:
            command += ["--config", self.config_path]
        self.process = subprocess.Popen(command + self.arguments, stderr=subprocess.PIPE, text=True, errors="replace",
                                        cwd=self.folder.name)
        self.listening = threading.Event()
        self.port = None
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.listening.wait(START_TIMEOUT_S)
        if self.port is None:
            self.stop()
            raise AssertionError("did not listen:\n" + "".join(self.lines))
        self.until(lambda: self.get("/-/ready").status == 200, "ready")
        return self

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(r"address=127\.0\.0\.1:(\d+)", line)
            if found and self.port is None:
                self.port = int(found.group(1))
                self.listening.set()
        self.listening.set()

    def stop(self, sig=signal.SIGTERM):
        """Ends it and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            status = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("did not end within 15 s of signal %d" % sig)
        self.reader.join(5)
        return status

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        self.process.stderr.close()
        self.folder.cleanup()

    def log(self):
        return "".join(self.lines)

    # ---- HTTP

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            answer.text = answer.read().decode("utf-8", "replace")
            return answer
        finally:
            connection.close()

    def get(self, path, **params):
        return self.request("GET", path + ("?" + urllib.parse.urlencode(params, True) if params else ""))

    def post(self, path, body=b"", headers=None):
        return self.request("POST", path, body, headers)

    def api(self, path, **params):
        """The data of an API call that must succeed."""
        answer = json.loads(self.get("/api/v1/" + path, **params).text)
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression, **params):
        """{tuple of sorted labels: value as text} of an instant vector."""
        result = self.api("query", query=expression, **params)["result"]
        return {tuple(sorted(s["metric"].items())): s["value"][1] for s in result}

    @staticmethod
    def until(condition, what, timeout_s=START_TIMEOUT_S):
        """Waits for a condition that the agent will bring about by itself."""
        peers.until(condition, what, timeout_s)


def run_to_end(*arguments, timeout_s=20, **options):
    """Runs the program with arguments and returns the finished process, output as text."""
    return subprocess.run([BIN, *arguments], capture_output=True, text=True, timeout=timeout_s, **options)


def main():
    unittest.main(verbosity=2)
