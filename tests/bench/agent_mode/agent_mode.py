# SPDX-License-Identifier: Apache-2.0
"""Agent mode beside `prometheus --agent`: both scrape the same targets, whose series all change, and send to the same
receiver that takes everything. Prints memory and CPU time of each, and what arrived.

    NARTHEX_BIN=build/release/bin/narthex NARTHEX_PEERS=... python3 tests/bench/agent_mode/agent_mode.py
        [--targets N] [--series N a target] [--interval SECONDS] [--duration SECONDS]
"""
import argparse
import http.server
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "integration"))
import peers  # noqa: E402
from agent import Agent  # noqa: E402
from exporter import Turns  # noqa: E402

CONFIG = """
global: {scrape_interval: %ds, scrape_timeout: %ds}
scrape_configs: [{job_name: load, static_configs: [{targets: [%s]}]}]
remote_write: [{url: "http://127.0.0.1:%d/%s", name: sink}]
"""
TICKS = os.sysconf("SC_CLK_TCK")


class Load(Turns):
    def __init__(self, series):
        super().__init__()
        self.heads = ['load_requests_total{slot="%d",path="/api/v1/items",method="GET",code="200"} ' % s for s in range(series)]

    def body(self):
        return "# TYPE load_requests_total counter\n" + "".join(
            "%s%d\n" % (head, self.turn * (s % 97 + 1)) for s, head in enumerate(self.heads))


class Sink:
    """Takes what is sent, and counts its bytes by path."""

    def __init__(self):
        self.bytes = {}
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                size = len(self.rfile.read(int(self.headers["Content-Length"])))
                sink.bytes[self.path] = sink.bytes.get(self.path, 0) + size
                self.send_response(204)
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server.server_address[1]


def figures(pid):
    """CPU seconds; MB resident, at the highest, and of that what is no file."""
    fields = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    status = dict(line.split(":", 1) for line in open("/proc/%d/status" % pid))
    sizes = [int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM", "RssAnon")]
    return [(int(fields[11]) + int(fields[12])) / TICKS] + sizes


def sent(text):
    return sum(float(l.rsplit(" ", 1)[1]) for l in text.splitlines() if l.startswith("prometheus_remote_storage_samples_total{"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--targets", type=int, default=20)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--interval", type=int, default=15)
    parser.add_argument("--duration", type=int, default=240)
    options = parser.parse_args()
    sink = Sink()
    loads = [Load(options.series) for _ in range(options.targets)]
    targets = ", ".join("'%s'" % load.address for load in loads)

    def config(path):
        return CONFIG % (options.interval, options.interval, targets, sink.port, path)
    theirs = peers.Peer("prometheus", ["--agent", "--config.file=%(config)s", "--storage.agent.path=%(folder)s/data",
                                       "--web.listen-address=%(address)s"], config("prometheus"))
    with Agent(config("narthex"), "prometheus.yml", ["--agent"]) as ours, theirs:
        time.sleep(options.duration)
        print("%d series, every %d s, for %d s" % (options.targets * options.series, options.interval, options.duration))
        for name, pid, metrics in (("narthex", ours.process.pid, ours.get("/metrics").text),
                                   ("prometheus", theirs.process.pid, theirs.get("/metrics")[1].decode())):
            cpu, now, peak, anonymous = figures(pid)
            print("%-10s %6.1f CPU s, %5.0f MB resident (%5.0f at the highest, %5.0f anonymous), %9d samples sent, %6.1f MB"
                  % (name, cpu, now, peak, anonymous, sent(metrics), sink.bytes.get("/" + name, 0) / 1e6))
    for load in loads:
        load.close()


if __name__ == "__main__":
    main()
