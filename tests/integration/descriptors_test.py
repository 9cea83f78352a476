# SPDX-License-Identifier: Apache-2.0
"""What a plugin starts inherits nothing of ours but stdin, stdout and stderr: neither from the agent, which listens,
scrapes, stores and sends, nor from the process of a plugin."""
import http.server
import os
import re
import shutil
import tempfile
import threading
import unittest

from agent import BIN, Agent, main

BAD = os.path.join(os.path.dirname(os.path.dirname(BIN)), "bad")
CLOSED_BY_EXEC = 0o2000000


class Target(http.server.BaseHTTPRequestHandler):
    """To be scraped and written to over connections that stay open; it is its own proxy, too."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.reply(200, b"a 1\n")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(204, b"")

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def inherited(path):
    """What a program saw in /proc/self/fd, but for stdin, stdout, stderr and the folder that it read."""
    with open(path) as file:
        entries = re.findall(r" (\d+) -> (.*)", file.read())
    assert len(entries) >= 3, entries
    return [(int(fd), to) for fd, to in entries if int(fd) > 2 and not re.fullmatch(r"/proc/\d+/fd", to)]


def kept_by_exec(pid):
    """What a program started in this process would inherit, beyond the first three."""
    kept = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as info:
                flags = int(re.search(r"flags:\s+([0-7]+)", info.read()).group(1), 8)
            to = os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            continue  # closed meanwhile
        if int(fd) > 2 and not flags & CLOSED_BY_EXEC:
            kept.append((int(fd), to))
    return kept


class Descriptors(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="narthex-descriptors-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        plugin = shutil.copy(os.path.join(BAD, "starter", "starter.so"), self.folder)
        os.chmod(plugin, 0o755)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.target = "127.0.0.1:%d" % server.server_port

    def config(self):
        text = f"""
[plugins]
path = ["{self.folder}"]
[[remote_write]]
url = "http://{self.target}/api/v1/write"
[[ingest]]
plugin = "graphite"
listen = "127.0.0.1:0"
[[scrape_configs]]
job_name = "direct"
scrape_interval = "200ms"
scrape_timeout = "200ms"
static_configs = [{{ targets = ["{self.target}"] }}]
[[scrape_configs]]
job_name = "proxied"
proxy_url = "http://{self.target}"
scrape_interval = "200ms"
scrape_timeout = "200ms"
static_configs = [{{ targets = ["{self.target}"] }}]
"""
        for isolation in ("none", "process"):
            text += f"""
[[exporters]]
plugin = "starter"
job = "{isolation}"
interval = "200ms"
timeout = "200ms"
isolation = "{isolation}"
out = "{self.folder}/{isolation}"
"""
        return text

    def test_what_a_plugin_starts_inherits_nothing(self):
        with Agent(self.config()) as agent:
            jobs = ("direct", "proxied", "none", "process")
            for job in jobs:
                agent.until(lambda: agent.query(f'up{{job="{job}"}} == 1'), job + " works")
            agent.until(lambda: "prometheus_remote_storage_samples_total" in agent.get("/metrics").text, "it sends")
            for isolation in ("none", "process"):
                path = f"{self.folder}/{isolation}"
                before = os.stat(path).st_ino
                agent.until(lambda: os.stat(path).st_ino != before, "another one was started")
                self.assertEqual(inherited(path), [], isolation)
            self.assertEqual(kept_by_exec(agent.process.pid), [])
            processes = [i["process"] for i in agent.api("status/plugins")["instances"] if i.get("process")]
            self.assertEqual(len(processes), 1)
            self.assertEqual(kept_by_exec(processes[0]), [])


if __name__ == "__main__":
    main()
