# SPDX-License-Identifier: Apache-2.0
"""The real thing, where the machine has it: Prometheus and its exporters as processes on loopback. NARTHEX_PEERS names
a folder with one Debian package tree for each; without it the tests are skipped."""
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

FOLDER = os.environ.get("NARTHEX_PEERS")


def path_of(name):
    """The program of a peer, or None."""
    path = os.path.join(FOLDER, name, "usr/bin", name) if FOLDER else ""
    return path if os.access(path, os.X_OK) else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    """One running peer; `arguments` may have %(address)s and %(folder)s in them."""

    def __init__(self, name, arguments, config=None, ready="/metrics"):
        self.folder = tempfile.TemporaryDirectory(prefix="narthex-peer-")
        self.address = "127.0.0.1:%d" % free_port()
        if config is not None:
            with open(os.path.join(self.folder.name, "config.yml"), "w") as out:
                out.write(config)
        places = {"address": self.address, "folder": self.folder.name}
        self.log = open(os.path.join(self.folder.name, "log"), "w+")
        self.process = subprocess.Popen([path_of(name)] + [a % places for a in arguments], stdout=self.log,
                                        stderr=subprocess.STDOUT, cwd=self.folder.name)
        end = time.monotonic() + 20
        while True:
            try:
                self.get(ready)
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.log.seek(0)
                    text = self.log.read()
                    self.close()
                    raise AssertionError("%s did not start:\n%s" % (name, text))
                time.sleep(0.05)

    def get(self, path, headers=None, body=None):
        """(content type, bytes)."""
        request = urllib.request.Request("http://" + self.address + path, body, headers or {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.headers.get("Content-Type"), answer.read()

    def api(self, path, **params):
        text = self.get("/api/v1/" + path + "?" + urllib.parse.urlencode(params, True))[1]
        return json.loads(text)["data"]

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.folder.cleanup()


def prometheus(config, *flags):
    return Peer("prometheus", ["--config.file=%(folder)s/config.yml", "--storage.tsdb.path=%(folder)s/data",
                               "--web.listen-address=%(address)s", *flags], config, "/-/ready")
