# SPDX-License-Identifier: Apache-2.0
"""Plugins that crash: the agent says who it was, leaves the plugin out after repeated crashes, and survives it in a
process of its own."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from agent import BIN, Agent

BAD = os.path.join(os.path.dirname(os.path.dirname(BIN)), "bad")


def entry(plugin_dir, more="", plugins="", name="bad"):
    return f"""
[plugins]
path = ["{plugin_dir}"]
{plugins}
[[exporters]]
plugin = "{name}"
interval = "200ms"
timeout = "200ms"
{more}
[[exporters]]
plugin = "self"
interval = "200ms"
timeout = "200ms"
"""


def closed_to_others(folder):
    """A copy of a bad plugin's folder that only its owner may write to."""
    copy = tempfile.mkdtemp(prefix="narthex-bad-")
    for name in os.listdir(folder):
        shutil.copy(os.path.join(folder, name), copy)
        os.chmod(os.path.join(copy, name), 0o755)
    return copy


class Crashes(unittest.TestCase):
    def test_a_plugin_that_crashes_is_named_and_left_out(self):
        plugins = closed_to_others(os.path.join(BAD, "segfault"))
        agent = Agent(entry(plugins, name="segfault"))
        try:
            for life in range(3):
                command = [BIN, "serve", "--data", agent.data, "--listen", "127.0.0.1:0", "--config", agent.config_path]
                died = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=30, cwd=agent.folder.name)
                self.assertEqual(died.returncode, -11, died.stderr)
                if life > 0:
                    self.assertIn("a plugin ended an earlier life of the agent", died.stderr)
                    self.assertIn("narthex.exporter/1.collect of exporter.segfault#1", died.stderr)
            listed = subprocess.run([BIN, "plugin", "list", "--data", agent.data, "--plugin-dir", plugins],
                                    stdout=subprocess.PIPE, text=True, timeout=30).stdout
            self.assertIn("quarantined: org.example.segfault: 3 crashes within 10m", listed)
            agent.start()
            self.assertIn("plugin left out", agent.log())
            agent.until(lambda: agent.query('up{job="self"} == 1'), "the others run")
            view = agent.api("status/plugins")
            self.assertEqual([q["plugin"] for q in view["quarantined"]], ["org.example.segfault"])
            self.assertEqual(len(view["crashes"]), 3)
            self.assertRegex(view["crashes"][0]["stack"], r"segfault\.so\+0x[0-9a-f]+")
            metrics = agent.get("/metrics").text
            self.assertIn('narthex_plugin_crashes_total{plugin="org.example.segfault"} 3', metrics)
            self.assertIn('narthex_plugin_quarantined{plugin="org.example.segfault"} 1', metrics)
            # Released, and mended meanwhile: the reload takes it in.
            released = subprocess.run([BIN, "plugin", "release", "org.example.segfault", "--data", agent.data],
                                      stdout=subprocess.PIPE, text=True, timeout=30)
            self.assertEqual(released.returncode, 0)
            listed = subprocess.run([BIN, "plugin", "list", "--data", agent.data, "--plugin-dir", plugins],
                                    stdout=subprocess.PIPE, text=True, timeout=30).stdout
            self.assertNotIn("quarantined", listed)
            agent.stop()
            agent.process.stderr.close()
            # Another build is another plugin.
            os.remove(os.path.join(plugins, "segfault.so"))
            shutil.copy(os.path.join(BAD, "mended", "mended.so"), plugins)
            os.chmod(os.path.join(plugins, "mended.so"), 0o755)
            agent.start()
            agent.until(lambda: agent.query('up{job="segfault"} == 1'), "the mended plugin collects")
        finally:
            agent.__exit__()
            shutil.rmtree(plugins)


class Upgrades(unittest.TestCase):
    def test_a_file_that_changed_takes_over_and_one_that_fails_does_not(self):
        for isolation in ("none", "process"):
            with self.subTest(isolation):
                plugins = closed_to_others(os.path.join(BAD, "decent"))
                place = os.path.join(plugins, "decent.so")

                def put(name):
                    shutil.copy(os.path.join(BAD, name, name + ".so"), place + ".new")
                    os.chmod(place + ".new", 0o755)
                    os.rename(place + ".new", place)

                try:
                    with Agent(entry(plugins, more=f'isolation = "{isolation}"\n')) as agent:

                        def shown():
                            return re.findall(r'narthex_plugin_info\{instance="exporter\.bad#(\d+)",'
                                              r'plugin="org\.example\.misbehave",version="([0-9.]+)"\} 1',
                                              agent.get("/metrics").text)

                        agent.until(lambda: agent.query('up{job="bad"} == 1'), "it collects")
                        self.assertEqual(shown(), [("1", "1.0.0")])
                        put("decent_next")
                        agent.process.send_signal(signal.SIGHUP)
                        agent.until(lambda: [v for _, v in shown()] == ["2.0.0"], "the new one runs, alone")
                        self.assertIn("plugin upgraded", agent.log())
                        put("no_start")
                        agent.process.send_signal(signal.SIGHUP)
                        agent.until(lambda: "this one never starts" in agent.log(), "the next one fails")
                        agent.until(lambda: agent.log().count("configuration reloaded") == 2, "the reload is done")
                        self.assertEqual([v for _, v in shown()], ["2.0.0"])
                        def collected():
                            return [int(v) for v in agent.query('count_over_time(up{job="bad"}[10m])').values()]

                        before = collected()
                        agent.until(lambda: collected() > before, "it goes on")
                        self.assertFalse(agent.query('min_over_time(up{job="bad"}[10m]) == 0'))
                finally:
                    shutil.rmtree(plugins)


class Isolation(unittest.TestCase):
    def test_what_ends_its_own_process_is_a_failed_collection(self):
        for deed in ("segfault", "abort", "exit", "hang", "write_past"):
            with self.subTest(deed):
                plugins = closed_to_others(os.path.join(BAD, deed))
                try:
                    with Agent(entry(plugins, more='isolation = "process"\n', name=deed)) as agent:
                        agent.until(lambda: agent.query('up{job="self"} == 1'), "the others run")
                        if deed == "write_past":
                            continue  # it damages nothing but itself, or nothing at all
                        agent.until(lambda: agent.query(f'up{{job="{deed}"}} == 0'), "its collection fails")
                        agent.until(lambda: "the process of a plugin died" in agent.log(), "the log says so")
                        crashed = f'narthex_plugin_crashes_total{{plugin="org.example.{deed}"}}'
                        agent.until(lambda: crashed in agent.get("/metrics").text, "it is counted")
                        view = agent.api("status/plugins")
                        self.assertEqual(view["quarantined"], [])
                        crash = view["crashes"][0]
                        self.assertEqual(crash["process"], "plugin-host")
                        self.assertIn("narthex.exporter/1.collect", crash["text"])
                finally:
                    shutil.rmtree(plugins)

    def test_an_exporter_in_a_process_of_its_own_is_an_exporter(self):
        plugins = closed_to_others(os.path.join(BAD, "decent"))
        settings = """
[plugins.settings."org.example.misbehave"]
isolation = "process"
memory_max = "2GiB"
cpu_max = "1m"
open_files_max = 64
"""
        try:
            with Agent(entry(plugins, plugins=settings)) as agent:
                agent.until(lambda: agent.query('bad{a="b"} == 1'), "its samples are stored")

                def instance():
                    return next(i for i in agent.api("status/plugins")["instances"] if i["name"] == "exporter.bad#1")

                first = instance()
                self.assertEqual(first["isolation"], "process")
                self.assertIn('narthex_plugin_up{instance="exporter.bad#1"} 1', agent.get("/metrics").text)
                with open(f"/proc/{first['process']}/limits") as proc:
                    limits = proc.read()
                self.assertRegex(limits, r"Max address space +2147483648 ")
                self.assertRegex(limits, r"Max cpu time +60 ")
                self.assertRegex(limits, r"Max open files +64 ")

                def collections():
                    return instance()["calls"]["narthex.exporter/1.collect"]["count"]

                def wakings():
                    tasks = f"/proc/{agent.process.pid}/task"
                    for task in os.listdir(tasks):
                        with open(f"{tasks}/{task}/status") as status:
                            text = status.read()
                        if "Name:\tplugin-watch\n" in text:
                            return int(re.search(r"^voluntary_ctxt_switches:\t(\d+)", text, re.M)[1])

                # It keeps the time itself: its watcher is woken by each collection, and stores it.
                before = collections(), wakings()
                agent.until(lambda: collections() >= before[0] + 5, "it goes on")
                self.assertGreaterEqual(wakings(), before[1] + 5)
                os.kill(first["process"], signal.SIGKILL)
                agent.until(lambda: instance().get("process", 0) not in (0, first["process"]), "it runs again")
                self.assertEqual(instance()["restarts"], 1)
                agent.until(lambda: agent.query('up{job="bad"} == 1'), "it collects again")
                # Stopped, it does not begin in time: that is a call that does not come back.
                second = instance()["process"]
                os.kill(second, signal.SIGSTOP)
                agent.until(lambda: agent.query('up{job="bad"} == 0'), "its collection fails")
                self.assertIn("was killed by SIGKILL in narthex.exporter/1.collect did not come back", agent.log())
                agent.until(lambda: instance().get("process", 0) not in (0, second), "it runs once more")
                agent.until(lambda: agent.query('up{job="bad"} == 1'), "and collects")
                second = instance()["process"]
            # Gone with the agent.
            self.assertFalse(os.path.exists(f"/proc/{second}"))
        finally:
            shutil.rmtree(plugins)

    def test_a_discovery_in_a_process_of_its_own_discovers(self):
        with tempfile.TemporaryDirectory() as folder:
            targets = os.path.join(folder, "targets.json")

            def write(*addresses):
                with open(targets + ".new", "w") as out:
                    json.dump([{"targets": list(addresses), "labels": {"env": "x"}}], out)
                os.rename(targets + ".new", targets)

            write("127.0.0.1:1")
            config = f"""
[[scrape_configs]]
job_name = "files"
[[scrape_configs.file_sd_configs]]
files = ["{targets}"]
refresh_interval = "1s"
isolation = "process"
"""
            with Agent(config) as agent:

                def found():
                    return sorted(t["labels"]["instance"] for t in agent.api("targets")["activeTargets"]
                                  if t["labels"]["job"] == "files")

                agent.until(lambda: found() == ["127.0.0.1:1"], "the target is found")
                write("127.0.0.1:1", "127.0.0.1:2")
                agent.until(lambda: found() == ["127.0.0.1:1", "127.0.0.1:2"], "so is another one")
                instance = next(i for i in agent.api("status/plugins")["instances"]
                                if i["name"].startswith("discovery.file"))
                self.assertEqual(instance["isolation"], "process")
                # While it is down the targets stay.
                os.kill(instance["process"], 9)
                self.assertEqual(len(found()), 2)

    def test_receivers_in_processes_of_their_own_store(self):
        config = """
[[ingest]]
plugin = "influx"
isolation = "process"
[[ingest]]
plugin = "graphite"
listen = "127.0.0.1:0"
isolation = "process"
[[ingest]]
plugin = "statsd"
listen = "127.0.0.1:0"
flush_interval = "100ms"
isolation = "process"
"""
        with Agent(config) as agent:
            def instance(name):
                return next(i for i in agent.api("status/plugins")["instances"] if i["name"] == name)

            self.assertEqual({instance(f"ingest.{n}")["isolation"] for n in ("influx", "graphite", "statsd")}, {"process"})
            self.assertEqual(agent.post("/write", b"cpu,host=a usage=7\ncpu,host=b usage=8\n").status, 204)
            agent.until(lambda: sorted(agent.query("cpu_usage").values()) == ["7", "8"], "lines over HTTP are stored")
            bad = agent.post("/write", b"no line at all\n")
            self.assertEqual(bad.status, 400)
            self.assertIn("line 1", bad.text)
            # More than the memory that the two share: it goes over the socket, in one piece as well.
            large = b"".join(b"large,n=%d,of=%s v=%d\n" % (i, b"many" * 16, i) for i in range(60_000))
            self.assertGreater(len(large), 4 << 20)
            self.assertEqual(agent.post("/write", large).status, 204)
            agent.until(lambda: agent.query("count(large_v)") == {(): "60000"}, "all of it is stored")
            at = {name: int(port) for name, port in
                  re.findall(r"msg=listening receiver=(\S+) at=127\.0\.0\.1:(\d+)", agent.log())}
            with socket.create_connection(("127.0.0.1", at["ingest.graphite"]), timeout=10) as sender:
                sender.sendall(b"room 21.5\n")
            agent.until(lambda: list(agent.query("room").values()) == ["21.5"], "a line over TCP is stored")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"jobs:3|c", ("127.0.0.1", at["ingest.statsd"]))
            agent.until(lambda: list(agent.query("jobs").values()) == ["3"], "what was gathered is flushed")
            first = instance("ingest.influx")["process"]
            os.kill(first, 9)
            agent.until(lambda: instance("ingest.influx").get("process", 0) not in (0, first), "it runs again")
            agent.until(lambda: agent.post("/write", b"cpu,host=c usage=9\n").status == 204, "and takes requests")
            self.assertIsNone(agent.process.poll())
            self.assertEqual(agent.stop(), 0)

    def test_what_stores_on_its_own_time_cannot_be_apart(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "narthex.toml")
            with open(path, "w") as out:
                out.write('[[ingest]]\nplugin = "pushgateway"\nisolation = "process"\n')
            served = subprocess.run([BIN, "serve", "--config", path, "--data", os.path.join(folder, "data"), "--listen",
                                     "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
            self.assertNotEqual(served.returncode, 0)
            self.assertIn("cannot run in a process of its own", served.stdout)

    def test_what_cannot_be_apart_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "narthex.toml")
            with open(path, "w") as out:
                out.write('[plugins.settings."exporter.node"]\nmemory_max = "1GiB"\n'
                          '[[exporters]]\nplugin = "node"\nisolation = "thread"\n')
            checked = subprocess.run([BIN, "check", "config", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     text=True, timeout=30)
            self.assertEqual(checked.returncode, 3)
            self.assertIn('memory_max needs isolation = "process"', checked.stderr)
            self.assertIn('isolation must be "process" or "none"', checked.stderr)


if __name__ == "__main__":
    unittest.main()
