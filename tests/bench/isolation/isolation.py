# SPDX-License-Identifier: Apache-2.0
"""What a process of its own costs: CPU time a sample of an exporter, of a scrape whose parser is apart, and of a
discovery, in the agent and apart, the agent's and its children's together. The rest of an agent's work is measured
without the plugin and taken off. 1000 ns a sample are a CPU second a million samples.

A process of its own costs a fixed time a call (who wakes whom) and a small one a sample. So the exporter is measured twice: the small one
is this machine's node exporter every 20 ms, which is mostly wake-ups; the large one is that of a big host, some thousand samples.

    NARTHEX_BIN=build/release/bin/narthex python3 tests/bench/isolation/isolation.py [SECONDS [exporter|parser|discovery]]
"""
import json
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "integration"))
from agent import Agent  # noqa: E402


def read(path):
    with open(path) as file:
        return file.read()


def cpu_s(pid):
    """Of a process and those it started, in seconds: what the scheduler gave their threads."""
    total = 0
    for each in [pid] + [int(p) for t in os.listdir(f"/proc/{pid}/task")
                         for p in read(f"/proc/{pid}/task/{t}/children").split()]:
        total += sum(int(read(f"/proc/{each}/task/{t}/schedstat").split()[0]) for t in os.listdir(f"/proc/{each}/task"))
    return total / 1e9


def calls(agent, entry):
    return sum(i["calls"].get(entry, {}).get("count", 0) for i in agent.api("status/plugins")["instances"])


def measure(configs, entry, seconds):
    """CPU seconds, calls of `entry` and samples of a call, for agents that run side by side: so they bear the same load."""
    agents = [Agent(config).start() for config in configs]
    try:
        time.sleep(2)
        before = [(cpu_s(a.process.pid), calls(a, entry)) for a in agents]
        time.sleep(seconds)
        after = [(cpu_s(a.process.pid), calls(a, entry)) for a in agents]
        return [(e[0] - b[0], e[1] - b[1], samples(a)) for a, b, e in zip(agents, before, after)]
    finally:
        for agent in agents:
            agent.__exit__()


def samples(agent):
    return sum(float(v) for v in agent.query("scrape_samples_scraped").values())


def exporter(apart, interval="20ms", more=""):
    isolation = 'isolation = "process"\n' if apart else ""
    return f'[[exporters]]\nplugin = "node"\ninterval = "{interval}"\ntimeout = "{interval}"\n{isolation}{more}'


def big_host(folder, cpus=128, devices=64):
    """The files of a host with many processors, disks and network interfaces, for the node exporter."""
    def write(name, lines):
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "w") as out:
            out.write("\n".join(lines) + "\n")

    times = " ".join(str(100003 * (i + 1)) for i in range(10))
    write("stat", [f"cpu  {times}"] + [f"cpu{i} {times}" for i in range(cpus)] +
          ["intr 90 1 2", "ctxt 91", "btime 1700000000", "processes 92", "procs_running 1", "procs_blocked 0"])
    counters = " ".join(str(1000003 * (i + 1)) for i in range(16))
    write("net/dev", ["Inter-|   Receive |  Transmit", " face |bytes packets |bytes packets"] +
          [f"eth{i}: {counters}" for i in range(devices)])
    write("diskstats", [f" 259 {i} nvme{i}n1 " + " ".join(str(1009 * (j + 1)) for j in range(17))
                        for i in range(devices)])
    write("loadavg", ["0.10 0.20 0.30 1/200 1000"])
    write("meminfo", read("/proc/meminfo").splitlines())
    collectors = ["cpu", "stat", "loadavg", "meminfo", "netdev", "diskstats"]
    return f'procfs = "{folder}"\ncollectors = {json.dumps(collectors)}\n'


def discovery(path, apart):
    isolation = 'isolation = "process"\n' if apart else ""
    return (f'[[scrape_configs]]\njob_name = "t"\nrelabel_configs = [{{ action = "drop", regex = ".*" }}]\n'
            f'[[scrape_configs.http_sd_configs]]\nurl = "{path}"\nrefresh_interval = "100ms"\n{isolation}')


def scrape(address, interval, apart):
    """A page that is scraped. Its storage is what both have in common, and a good part of it."""
    more = "".join(f'[plugins.settings."protocol.{name}"]\nisolation = "process"\n'
                   for name in ("prometheus_text", "prometheus_protobuf"))
    return (f'[[scrape_configs]]\njob_name = "page"\nscrape_interval = "{interval}"\nscrape_timeout = "{interval}"\n'
            f'static_configs = [{{ targets = ["{address}"] }}]\n' + (more if apart else ""))


def text_page(samples):
    """Families of 20 series, as the node exporter's are."""
    lines = []
    for i in range(samples):
        if i % 20 == 0:
            lines += [f"# HELP node_disk_{i // 20}_total Some help about disks.", f"# TYPE node_disk_{i // 20}_total counter"]
        lines.append(f'node_disk_{i // 20}_total{{device="nvme{i % 20}n1",mountpoint="/var/lib/containers"}} {i * 1.25}')
    return "text/plain; version=0.0.4", ("\n".join(lines) + "\n").encode()


def protobuf_page(samples):
    import metric_proto as mp
    return mp.CONTENT_TYPE, b"".join(mp.family(f"node_disk_{i}_total", mp.COUNTER, [
        mp.counter([("device", f"nvme{j}n1"), ("mountpoint", "/var/lib/containers")], i * 1.25 + j) for j in range(20)],
        "Some help about disks.") for i in range(samples // 20))


def groups(targets):
    return "application/json", json.dumps([{"targets": [f"10.0.{i // 250}.{i % 250}:9100"], "labels": {"rack": str(i % 40)}}
                                           for i in range(targets)]).encode()


def serve(content_type, body):
    import http.server
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"127.0.0.1:{server.server_port}"


def compare(name, make, entry, seconds, units):
    cost = {False: [], True: []}
    for _ in range(3):
        idle, *both = measure(['[http]\npage_title = "idle"\n', make(False), make(True)], entry, seconds)
        for apart, (cpu, count, scraped) in zip((False, True), both):
            per_call = units or scraped
            cost[apart].append((cpu - idle[0]) / max(count, 1) / per_call * 1e9)
    here, there = (sum(cost[a]) / 3 for a in (False, True))
    print(f"{name}: {here:.0f} ns in the agent, {there:.0f} ns apart: {100 * (there / here - 1):+.1f} %"
          f"   ({per_call:.0f} a call; runs: {[round(x) for x in cost[False]]} and {[round(x) for x in cost[True]]})",
          flush=True)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    if wanted in ("", "exporter"):
        collect = "narthex.exporter/1.collect"
        with tempfile.TemporaryDirectory() as folder:
            host = big_host(folder)
            compare("exporter.node of a big host, a sample", lambda apart: exporter(apart, "100ms", host), collect, seconds,
                    None)
        compare("exporter.node of this host, a sample", exporter, collect, seconds, None)
    if wanted in ("", "parser"):
        for name, page, interval in (("200 lines", text_page(200), "50ms"), ("2,000 lines", text_page(2000), "100ms"),
                                     ("20,000 lines", text_page(20_000), "500ms"),
                                     ("2,000 samples of protobuf", protobuf_page(2000), "100ms")):
            address = serve(*page)
            compare(f"scrapes of {name}, a sample", lambda apart: scrape(address, interval, apart),
                    "narthex.parser/1.parse", seconds, int(name.split()[0].replace(",", "")))
    if wanted in ("", "discovery"):
        url = f"http://{serve(*groups(2000))}/"
        compare("discovery.http, a target", lambda apart: discovery(url, apart), "narthex.discovery/1.refresh", seconds, 2000)


if __name__ == "__main__":
    main()
