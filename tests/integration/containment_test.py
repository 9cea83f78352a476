# SPDX-License-Identifier: Apache-2.0
"""Plugins that crash: the agent says who it was, leaves the plugin out after repeated crashes, and survives it in a
process of its own."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from agent import BIN, Agent

BAD = os.path.join(os.path.dirname(os.path.dirname(BIN)), "bad")


def entry(plugin_dir, more="", plugins=""):
    return f"""
[plugins]
path = ["{plugin_dir}"]
{plugins}
[[exporters]]
plugin = "bad"
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
        agent = Agent(entry(plugins))
        try:
            for life in range(3):
                command = [BIN, "serve", "--data", agent.data, "--listen", "127.0.0.1:0", "--config", agent.config_path]
                died = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=30, cwd=agent.folder.name)
                self.assertEqual(died.returncode, -11, died.stderr)
                if life > 0:
                    self.assertIn("a plugin ended an earlier life of the agent", died.stderr)
                    self.assertIn("narthex.exporter/1.collect of exporter.bad#1", died.stderr)
            listed = subprocess.run([BIN, "plugin", "list", "--data", agent.data, "--plugin-dir", plugins],
                                    stdout=subprocess.PIPE, text=True, timeout=30).stdout
            self.assertIn("quarantined: org.example.misbehave: 3 crashes within 10m", listed)
            agent.start()
            self.assertIn("plugin left out", agent.log())
            agent.until(lambda: agent.query('up{job="self"} == 1'), "the others run")
            view = agent.api("status/plugins")
            self.assertEqual([q["plugin"] for q in view["quarantined"]], ["org.example.misbehave"])
            self.assertEqual(len(view["crashes"]), 3)
            self.assertRegex(view["crashes"][0]["stack"], r"segfault\.so\+0x[0-9a-f]+")
            metrics = agent.get("/metrics").text
            self.assertIn('narthex_plugin_crashes_total{plugin="org.example.misbehave"} 3', metrics)
            self.assertIn('narthex_plugin_quarantined{plugin="org.example.misbehave"} 1', metrics)
            # Released, and mended meanwhile: the reload takes it in.
            released = subprocess.run([BIN, "plugin", "release", "org.example.misbehave", "--data", agent.data],
                                      stdout=subprocess.PIPE, text=True, timeout=30)
            self.assertEqual(released.returncode, 0)
            listed = subprocess.run([BIN, "plugin", "list", "--data", agent.data, "--plugin-dir", plugins],
                                    stdout=subprocess.PIPE, text=True, timeout=30).stdout
            self.assertNotIn("quarantined", listed)
            agent.stop()
            agent.process.stderr.close()
            # Another build is another plugin.
            os.remove(os.path.join(plugins, "segfault.so"))
            shutil.copy(os.path.join(BAD, "decent", "decent.so"), plugins)
            os.chmod(os.path.join(plugins, "decent.so"), 0o755)
            agent.start()
            agent.until(lambda: agent.query('up{job="bad"} == 1'), "the mended plugin collects")
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
                    with Agent(entry(plugins, more='isolation = "process"\n')) as agent:
                        agent.until(lambda: agent.query('up{job="self"} == 1'), "the others run")
                        if deed == "write_past":
                            continue  # it damages nothing but itself, or nothing at all
                        agent.until(lambda: agent.query('up{job="bad"} == 0'), "its collection fails")
                        agent.until(lambda: "the process of a plugin died" in agent.log(), "the log says so")
                        crashed = 'narthex_plugin_crashes_total{plugin="org.example.misbehave"}'
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
                os.kill(first["process"], 9)
                agent.until(lambda: instance().get("process", 0) not in (0, first["process"]), "it runs again")
                self.assertEqual(instance()["restarts"], 1)
                agent.until(lambda: agent.query('up{job="bad"} == 1'), "it collects again")
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
