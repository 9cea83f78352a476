# SPDX-License-Identifier: Apache-2.0
"""An agent under a steady load for long: remote write at a fixed rate, dashboards that ask all the time, some series that
are born and die. Prints every minute, and at the end the slopes of its memory, descriptors and threads over the second
half; counts what is stored, and exits with 1 when that is not what was acknowledged, or when a request failed.

    NARTHEX_BIN=build/release/bin/narthex python3 tests/bench/soak/soak.py
        [--minutes N] [--series N] [--requests N a second] [--churn N series a minute]

Every series gets a sample a second; with the defaults that is 100,000 samples a second for 40 minutes.
"""
import argparse
import http.client
import os
import random
import struct
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "integration"))
import wire  # noqa: E402
from agent import Agent  # noqa: E402

WRITERS = 4
READERS = 2
SHAPES = 8          # series of a request whose values differ
MARK_T = 0x155_5555_5555  # of as many bytes as any time of this century
QUERIES = [
    "sum(rate(soak[1m]))", "topk(5, rate(soak{shard=\"3\"}[2m]))", "count by (shard) (soak)", "avg_over_time(soak{i=\"77\"}[5m])",
    "quantile(0.9, soak{shard=\"11\"})", "max by (i) (soak{shard=~\"1.\"})", "count(churn)", "increase(soak{shard=\"7\"}[10m])",
]


def mark(shape):
    return struct.pack("<Q", 0xA5A5_5A5A_C3C3_3C00 | shape)


def snappy(raw):
    """Literals of 64 KiB: as large as the body, and hardly any work."""
    out = [wire.varint(len(raw))]
    for begin in range(0, len(raw), 65536):
        piece = raw[begin:begin + 65536]
        out += [bytes([61 << 2]), struct.pack("<H", len(piece) - 1), piece]
    return b"".join(out)


class Request:
    """A body with marks where times and values go."""

    def __init__(self, shard, series):
        self.template = b"".join(
            wire.series({"__name__": "soak", "shard": str(shard), "i": str(i), "job": "soak", "path": "/api/v1/thing/%d" % (i % 97)},
                        [(struct.unpack("<d", mark(i % SHAPES))[0], MARK_T)]) for i in range(series))
        self.series = series
        self.values = [random.Random(shard * SHAPES + s).random() * 1000 for s in range(SHAPES)]

    def body(self, t_ms):
        raw = self.template.replace(wire.varint(MARK_T), wire.varint(t_ms))
        for shape in range(SHAPES):
            # Counters, gauges, constants.
            kind = shape % 3
            self.values[shape] += random.randrange(500) if kind == 0 else random.randrange(-50, 50) / 10 if kind == 1 else 0
            raw = raw.replace(mark(shape), struct.pack("<d", round(self.values[shape], 1)))
        return snappy(raw)


class Load:
    def __init__(self, agent, options):
        self.agent, self.options = agent, options
        self.lock = threading.Lock()
        self.end = time.monotonic() + options.minutes * 60
        self.acked = self.queries = self.failed = 0
        self.errors = {}
        self.lags = []

    def post(self, connection, body):
        connection.request("POST", "/api/v1/write", body, wire.HEADERS)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def note(self, what):
        with self.lock:
            self.failed += 1
            self.errors[what] = self.errors.get(what, 0) + 1

    def run(self, part, *arguments):
        """What ends a thread before its time is a failure."""
        try:
            part(*arguments)
        except (OSError, http.client.HTTPException) as error:
            self.note("%s: %r" % (part.__name__, error))

    def write(self, shards, born):
        connection = http.client.HTTPConnection("127.0.0.1", self.agent.port, timeout=30)
        requests = [Request(s, self.options.series // self.options.requests) for s in shards]
        begin = time.monotonic()
        turn = 0
        while time.monotonic() < self.end:
            now_ms = int(time.time() * 1000)
            for at, request in enumerate(requests):
                due = begin + turn + at / len(requests)
                time.sleep(max(0, due - time.monotonic()))
                status = self.post(connection, request.body(now_ms))
                with self.lock:
                    self.lags.append(time.monotonic() - max(due, begin))
                    self.acked += request.series if status == 204 else 0
                if status != 204:
                    self.note("write %d" % status)
            if born and self.options.churn:
                self.give_birth(connection, turn, now_ms)
            turn += 1
        connection.close()

    def give_birth(self, connection, turn, now_ms):
        per_second = max(1, self.options.churn // 60)
        body = b"".join(wire.series({"__name__": "churn", "id": "%d-%d" % (turn, i)}, [(1.0, now_ms)]) for i in range(per_second))
        if self.post(connection, snappy(body)) != 204:
            self.note("churn")

    def read(self, seed):
        choice = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", self.agent.port, timeout=60)
        while time.monotonic() < self.end:
            query = {"query": choice.choice(QUERIES)}
            path = "/api/v1/query"
            if choice.random() < 0.4:
                path = "/api/v1/query_range"
                now = time.time()
                query.update(start="%d" % (now - 600), end="%d" % now, step="10")
            connection.request("GET", path + "?" + urllib.parse.urlencode(query))
            answer = connection.getresponse()
            answer.read()
            with self.lock:
                self.queries += 1
            if answer.status != 200:
                self.note("query %d" % answer.status)
            time.sleep(0.1)
        connection.close()


def figures(pid):
    """Resident MiB, descriptors, threads."""
    with open("/proc/%d/status" % pid) as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmRSS"].split()[0]) / 1024, len(os.listdir("/proc/%d/fd" % pid)), int(lines["Threads"])


def slope(points):
    """Least squares, a minute."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    over = sum((x - mean_x) ** 2 for x, _ in points)
    return 60 * sum((x - mean_x) * (y - mean_y) for x, y in points) / over if over else 0.0


def watch(agent, load, options):
    begin = time.monotonic()
    seen = []
    minute = 0
    while time.monotonic() < load.end:
        time.sleep(2)
        seen.append((time.monotonic() - begin, *figures(agent.process.pid)))
        if seen[-1][0] >= 60 * (minute + 1):
            minute += 1
            with load.lock:
                lags, load.lags = sorted(load.lags), []
            print("minute %2d: %5.1f MiB, %3d descriptors, %2d threads; %d samples, %d queries, %d failed; a write is done %.0f ms after its time (p99)"
                  % (minute, *seen[-1][1:], load.acked, load.queries, load.failed, 1000 * lags[len(lags) * 99 // 100] if lags else 0), flush=True)
    return seen


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--minutes", type=float, default=40)
    arguments.add_argument("--series", type=int, default=100_000)
    arguments.add_argument("--requests", type=int, default=50)
    arguments.add_argument("--churn", type=int, default=300)
    options = arguments.parse_args()
    with Agent("[global]\n", arguments=["--web.enable-remote-write-receiver"]) as agent:
        load = Load(agent, options)
        begin = time.time()
        threads = [threading.Thread(target=load.run, args=(load.write, range(w, options.requests, WRITERS), w == 0)) for w in range(WRITERS)]
        threads += [threading.Thread(target=load.run, args=(load.read, r)) for r in range(READERS)]
        for thread in threads:
            thread.start()
        seen = watch(agent, load, options)
        for thread in threads:
            thread.join()
        end = time.time()
        seconds = int(end - begin) + 5
        stored = sum(int(value) for shard in range(options.requests)
                     for value in agent.query('sum(count_over_time(soak{shard="%d"}[%ds]))' % (shard, seconds), time=end).values())
    half = [s for s in seen if s[0] > options.minutes * 30]
    for name, at in (("MiB resident", 1), ("descriptors", 2), ("threads", 3)):
        column = [s[at] for s in half]
        print("%s, second half: %.1f to %.1f, slope %+.3f a minute" % (name, min(column), max(column), slope([(s[0], s[at]) for s in half])))
    print("%d samples acknowledged, %d stored; %d queries; failed: %s" % (load.acked, stored, load.queries, load.errors or "none"))
    return 0 if stored == load.acked and not load.failed else 1


if __name__ == "__main__":
    sys.exit(main())
