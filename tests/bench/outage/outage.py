# SPDX-License-Identifier: Apache-2.0
"""A remote write destination goes away for long while its sender scrapes on and is killed (kill -9) meanwhile. When it
is back, it must get every sample: sample for sample what the sender's own storage has, and every page that was surely
scraped. Prints what it counted; exits with 1 when a sample is missing.

    NARTHEX_BIN=build/release/bin/narthex NARTHEX_PEERS=... python3 tests/bench/outage/outage.py
        [--outage SECONDS] [--kills N] [--targets N] [--series N a target] [--protocol 1|2]
        [--receiver prometheus|victoria-metrics|narthex] [--agent]

With the defaults, 20 minutes at 20,000 samples a second, it takes about half an hour.
"""
import argparse
import glob
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "integration"))
import peers  # noqa: E402
from agent import Agent  # noqa: E402
from exporter import Turns  # noqa: E402

CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s}
%s
remote_write:
- {url: "http://%s/api/v1/write", name: peer, protobuf_message: %s}
"""
MESSAGES = {"1": "prometheus.WriteRequest", "2": "io.prometheus.write.v2.Request"}
PARTS = 4     # of a target's series: what is compared at once
STEADY_S = 60  # of both being there, before and after
TICKS = os.sysconf("SC_CLK_TCK")


class Load(Turns):
    """A target whose series all change with each scrape."""

    def __init__(self, series):
        super().__init__()
        self.heads = ['load{slot="%d",part="%d"} ' % (s, s % PARTS) for s in range(series)]

    def body(self):
        first = self.turn * len(self.heads)
        return "# TYPE load counter\n" + "".join(h + "%d\n" % (first + s) for s, h in enumerate(self.heads))

    def slot(self, labels):
        return int(dict(labels)["slot"])

    def value(self, turn, slot):
        return float(turn * len(self.heads) + slot)


class Counted:
    """What a comparison found, in samples."""

    def __init__(self):
        self.sender = self.receiver = self.missing = self.other = self.extra = self.turns_missing = 0

    def add(self, ours, theirs):
        for labels in ours.keys() | theirs.keys():
            a, b = ours.get(labels, {}), theirs.get(labels, {})
            self.sender += len(a)
            self.receiver += len(b)
            self.missing += len(a.keys() - b.keys())
            self.extra += len(b.keys() - a.keys())
            self.other += sum(a[t] != b[t] for t in a.keys() & b.keys())

    def add_turns(self, load, theirs):
        kept = load.kept()
        for labels, rows in theirs.items():
            slot = load.slot(labels)
            got = {float(v) for v in rows.values()}
            self.turns_missing += sum(load.value(turn, slot) not in got for turn in kept)

    def lost(self):
        return self.missing + self.other + self.turns_missing


class Receiver:
    """A destination by name: Narthex is told its port when it starts again, the peers keep theirs."""

    def __init__(self, name):
        self.server = {"prometheus": peers.Prometheus, "victoria-metrics": peers.VictoriaMetrics,
                       "narthex": self.narthex}[name]()
        self.server.start()
        if name == "narthex":
            self.server.arguments.append("--listen=127.0.0.1:%d" % self.server.port)

    @staticmethod
    def narthex():
        return Agent("global: {}\n", "prometheus.yml", ["--web.enable-remote-write-receiver"])

    @property
    def address(self):
        return "127.0.0.1:%d" % self.server.port

    def close(self):
        self.server.close() if isinstance(self.server, peers.Peer) else self.server.__exit__()


class Sender(Agent):
    def own(self, name):
        """Sum of a metric of its own."""
        lines = self.get("/metrics").text.splitlines()
        return sum(float(l.rsplit(" ", 1)[1]) for l in lines if l.split("{")[0].split(" ")[0] == name)

    def cpu_s(self):
        fields = open("/proc/%d/stat" % self.process.pid).read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_mb(self):
        status = open("/proc/%d/status" % self.process.pid).read()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def log_mb(self):
        return sum(os.path.getsize(p) for p in glob.glob(self.data + "/remote_write/*.rows")) / 1e6

    def kill(self):
        say("kill -9 after %.0f CPU s, peak %.0f MB, queue %.0f MB" % (self.cpu_s(), self.peak_mb(), self.log_mb()))
        self.stop(signal.SIGKILL)
        self.process.stderr.close()


def say(text):
    print(time.strftime("%H:%M:%S"), text, flush=True)


def scrape_configs(loads):
    targets = ", ".join("'%s'" % l.address for l in loads)
    return "scrape_configs: [{job_name: load, static_configs: [{targets: [%s]}]}]" % targets


def suffer(options, sender, receiver, loads):
    """The outage, in equal parts between the kills."""
    receiver.server.stop()
    if isinstance(receiver.server, Agent):
        receiver.server.process.stderr.close()
    say("the destination is gone")
    end = time.monotonic() + options.outage
    for turn in range(options.kills):
        time.sleep(options.outage / (options.kills + 1))
        sender.kill()
        for load in loads:
            load.process += 1
        sender.start()
    time.sleep(max(0, end - time.monotonic()))
    say("the destination comes back; the queue has %.0f MB" % sender.log_mb())
    receiver.server.start()


def drain(sender, timeout_s):
    """Waits until there is nothing left to send; nothing new is scraped any more."""
    end, calm, before = time.monotonic() + timeout_s, 0, -1
    while calm < 10:
        if time.monotonic() > end:
            raise AssertionError("still sending after %d s" % timeout_s)
        time.sleep(1)
        sent = sender.own("prometheus_remote_storage_samples_total")
        calm = calm + 1 if sent == before and sender.own("prometheus_remote_storage_samples_pending") == 0 else 0
        before = sent


def compare(sender, receiver, loads, with_storage, at):
    counted = Counted()
    for load in loads:
        for part in range(PARTS):
            selector = 'load{instance="%s",part="%d"}[2h]' % (load.address, part)
            theirs = peers.samples(receiver.server, selector, at)
            if with_storage:
                counted.add(peers.samples(sender, selector, at), theirs)
            else:
                counted.receiver += sum(len(rows) for rows in theirs.values())
            counted.add_turns(load, theirs)
            counted.turns_missing += (len(load.heads) // PARTS - len(theirs)) * len(load.kept())
    return counted


def run(options):
    receiver = Receiver(options.receiver)
    loads = [Load(options.series) for _ in range(options.targets)]
    flags = ["--agent"] if options.agent else []
    sender = Sender(CONFIG % (scrape_configs(loads), receiver.address, MESSAGES[options.protocol]), "prometheus.yml", flags)
    try:
        sender.start()
        say("%d targets of %d series, to %s" % (options.targets, options.series, options.receiver))
        time.sleep(STEADY_S)
        suffer(options, sender, receiver, loads)
        back, cpu = time.monotonic(), sender.cpu_s()
        time.sleep(STEADY_S)
        sender.write_config(CONFIG % ("", receiver.address, MESSAGES[options.protocol]))
        sender.process.send_signal(signal.SIGHUP)
        drain(sender, 1800)
        say("caught up %.0f s after it came back, with %.0f CPU s, peak %.0f MB"
            % (time.monotonic() - back - 10, sender.cpu_s() - cpu, sender.peak_mb()))
        if isinstance(receiver.server, peers.VictoriaMetrics):
            receiver.server.flush()
        counted = compare(sender, receiver, loads, not options.agent, time.time())
        own = {n: sender.own("prometheus_remote_storage_samples_" + n) for n in ("failed_total", "dropped_total", "retried_total")}
        say("turns served %d; " % sum(l.turn for l in loads) + json.dumps(vars(counted)) + "; sender: " + json.dumps(own))
        return 1 if counted.lost() or own["failed_total"] or own["dropped_total"] else 0
    finally:
        sender.__exit__()
        receiver.close()
        for load in loads:
            load.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--outage", type=int, default=1200)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--targets", type=int, default=10)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--protocol", choices=MESSAGES, default="2")
    parser.add_argument("--receiver", choices=("prometheus", "victoria-metrics", "narthex"), default="prometheus")
    parser.add_argument("--agent", action="store_true")
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
