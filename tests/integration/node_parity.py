# SPDX-License-Identifier: Apache-2.0
"""Compares the host metrics of an agent with those of a node_exporter on the same machine.

    python3 node_parity.py --agent http://127.0.0.1:9090 --node-exporter http://127.0.0.1:9100

For every metric that the agent's exporter.node has: the names, labels and types must equal those of
node_exporter; counters must lie between two readings of it, one before and one after the agent's
sample; gauges must be within 5 % of one of the two. Families that only node_exporter has are listed
and are no error. `--agent` may also name a file with an exposition. Exits with 1 on a difference."""
import argparse
import json
import re
import sys
import time
import urllib.parse
import urllib.request

TOLERANCE = 0.05
AGENT_LABELS = {"__name__", "job", "instance"}
# Their labels describe the program, not the host.
ABOUT_ITSELF = {"node_exporter_build_info"}
# They change by more than 5 % between two readings, whoever reads: only their series are compared.
RESTLESS = re.compile(
    r"node_(load\d+|procs_(running|blocked)|disk_io_now|scrape_collector_duration_seconds"
    r"|memory_(Dirty|Writeback|SwapCached|PageTables|KernelStack|Active|Inactive|AnonPages|Mapped|Shmem|Committed_AS)\w*)$")
SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')


class Reading:
    """types: {family: type}; samples: {(name, ((label, value), ...)): number}; labels without empty ones."""

    def __init__(self):
        self.types = {}
        self.samples = {}

    def add(self, name, labels, value):
        kept = tuple(sorted((k, v) for k, v in labels.items() if v != "" and k not in AGENT_LABELS))
        self.samples[(name, kept)] = float(value)

    def families(self):
        return {name for name, _ in self.samples}


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m.group(1), m.group(1)), text)


def parse_exposition(text):
    reading = Reading()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name.startswith("node_"):
                reading.types[name] = kind
            continue
        match = SAMPLE.fullmatch(line)
        if match and match.group(1).startswith("node_"):
            labels = {k: unescape(v) for k, v in LABEL.findall(match.group(2) or "")}
            reading.add(match.group(1), labels, match.group(3))
    return reading


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def api(base, path, **params):
    answer = json.loads(fetch(base + "/api/v1/" + path + "?" + urllib.parse.urlencode(params)))
    if answer["status"] != "success":
        raise SystemExit("the agent answered %s" % answer)
    return answer["data"]


def read_node_exporter(base):
    return parse_exposition(fetch(base.rstrip("/") + "/metrics"))


def agent_sample_time(base):
    """When the agent collected last, in seconds; 0: it has not yet."""
    result = api(base, "query", query="max(timestamp(node_time_seconds))")["result"]
    return float(result[0]["value"][1]) if result else 0.0


def read_agent(base, newer_than_s, patience_s=90):
    """Waits for a collection that began after newer_than_s and reads it."""
    end = time.monotonic() + patience_s
    while agent_sample_time(base) <= newer_than_s:
        if time.monotonic() > end:
            raise SystemExit("the agent has no new node_time_seconds")
        time.sleep(0.25)
    reading = Reading()
    for series in api(base, "query", query='{__name__=~"node_.+"}')["result"]:
        reading.add(series["metric"]["__name__"], series["metric"], series["value"][1])
    for name, entries in api(base, "metadata").items():
        if name.startswith("node_"):
            reading.types[name] = entries[0]["type"]
    return reading


def names_of_labels(reading, family):
    return {tuple(k for k, _ in labels) for name, labels in reading.samples if name == family}


def compare_series(agent, before, after, problems):
    shared = agent.families()
    reference = dict(before.samples)
    reference.update(after.samples)
    for name, labels in agent.samples:
        if name not in ABOUT_ITSELF and (name, labels) not in reference:
            problems.append("only the agent has %s%s" % (name, dict(labels)))
    ran = {dict(labels)["collector"] for name, labels in agent.samples if name == "node_scrape_collector_success"}
    for name, labels in before.samples:
        collector = dict(labels).get("collector")
        if name not in shared or name in ABOUT_ITSELF or (collector is not None and collector not in ran):
            continue
        if (name, labels) in after.samples and (name, labels) not in agent.samples:
            problems.append("the agent lacks %s%s" % (name, dict(labels)))
    for name in shared & ABOUT_ITSELF:
        if names_of_labels(agent, name) != names_of_labels(before, name):
            problems.append("%s has other label names" % name)


def compare_types(agent, before, problems):
    if not agent.types:
        problems.append("the agent shows no types")
    for name, kind in agent.types.items():
        expected = before.types.get(name)
        if name in agent.families() and {kind, expected} - {"untyped", "unknown"} and kind != expected:
            problems.append("%s is a %s and not a %s" % (name, kind, expected))


def is_near(value, reference):
    return value == reference or abs(value - reference) <= TOLERANCE * abs(reference)


def compare_values(agent, before, after, problems):
    for key, value in agent.samples.items():
        name, labels = key
        if name in ABOUT_ITSELF or key not in before.samples or key not in after.samples:
            continue
        low, high = sorted((before.samples[key], after.samples[key]))
        if before.types.get(name) == "counter":
            good = low <= value <= high
        else:
            good = RESTLESS.fullmatch(name) or low <= value <= high or is_near(value, low) or is_near(value, high)
        if not good:
            problems.append("%s%s is %r, node_exporter says %r to %r" % (name, dict(labels), value, low, high))


def compare(agent, before, after):
    """The differences as lines of text, and the families that only node_exporter has."""
    problems = []
    if not agent.samples:
        problems.append("the agent has no node_* series")
    compare_series(agent, before, after, problems)
    compare_types(agent, before, problems)
    compare_values(agent, before, after, problems)
    return problems, sorted(before.families() - agent.families())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agent", required=True, help="base URL of the agent, or a file with an exposition")
    parser.add_argument("--node-exporter", required=True, help="base URL of node_exporter")
    options = parser.parse_args()
    before = read_node_exporter(options.node_exporter)
    if options.agent.startswith("http"):
        agent = read_agent(options.agent.rstrip("/"), time.time())
    else:
        with open(options.agent) as text:
            agent = parse_exposition(text.read())
    after = read_node_exporter(options.node_exporter)
    problems, missing = compare(agent, before, after)
    print("%d series in %d families compared" % (len(agent.samples), len(agent.families())))
    print("only in node_exporter: " + ", ".join(missing))
    for problem in problems:
        print("DIFFERS: " + problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
