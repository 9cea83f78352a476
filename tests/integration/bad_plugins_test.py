# SPDX-License-Identifier: Apache-2.0
"""Every bad plugin of tests/plugins, three ways: `narthex plugin check` finds it and names the rule; in processes of
their own all of them together do the agent no harm; in the agent the worst of them end it, and it comes back
without them."""
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from agent import BIN, Agent, main

BAD = os.path.join(os.path.dirname(os.path.dirname(BIN)), "bad")

# name: (suite that finds it, rule, what the finding says)
FOUND = {
    "older_abi": ("file", "NXR-VER-5", "built for plugin ABI 0.0"),
    "other_abi": ("file", "NXR-VER-5", "built for plugin ABI 0.2"),
    "needs_newer": ("descriptor", "NXR-VER-5", "needs plugin ABI 0.7"),
    "short_plugin": ("descriptor", "NXR-VER-1", "struct_size"),
    "short_component": ("descriptor", "NXR-VER-1", "struct_size"),
    "size_changed": ("exporter", "NXR-VER-1", "nx_error::struct_size"),
    "thrower": ("exporter", "NXR-ERR-2", "throws"),
    "leak": ("lifecycle", "NXR-LIF-1", "leaks"),
    "call_leak": ("lifecycle", "NXR-LIF-1", "leaks"),
    "keep": ("ownership", "NXR-OWN-1", "which was lent"),
    "write_argument": ("ownership", "NXR-OWN-1", "writes into"),
    "write_past": ("ownership", "NXR-VER-2", "writes past the end"),
    "thread": ("threads", "NXR-THR-3", "after stop has returned"),
    "hang": ("exporter", "NXR-ERR-5", "did not return"),
    "segfault": ("exporter", "NXR-ERR-4", "crashed with SIGSEGV"),
    "abort": ("exporter", "NXR-ERR-3", "aborts"),
    "exit": ("exporter", "NXR-ERR-3", "ends the process"),
    "print": ("exporter", "NXR-ERR-3", "prints"),
    "signal": ("lifecycle", "NXR-ERR-3", "handler for SIGUSR2"),
    "greedy": ("ownership", "NXR-OWN-3", "are still held"),
    "hanger": ("exporter", "NXR-ERR-5", "did not return"),
}
# What the agent refuses to load: it never runs.
REFUSED = {
    "older_abi": "built for plugin ABI 0.0, this agent has 0.1",
    "other_abi": "built for plugin ABI 0.2, this agent has 0.1",
    "needs_newer": "needs plugin ABI 0.7, this agent has 0.1",
    "short_plugin": "too small a struct_size",
    "short_component": "too small a struct_size",
}
FATAL = ["segfault", "abort", "exit"]  # what ends its process
HANGS = ["hang", "hanger"]             # what never comes back, or after 30 s
FAILS = FATAL + HANGS + ["thrower"]    # whose collections fail
# What the one that wants too much says that it got, in the agent and apart: there is no bus there.
GREEDY = ["what=buffer got=yes", "what=huge_buffer got=no", "what=foreign_topic got=no", "what=large_event got=no",
          "what=bad_metric got=no", "what=unknown_service got=no"]
FLOOD = {"none": "what=flood taken=999", "process": "what=flood taken=0"}


def misdeeds():
    """All that run as exporters: the names of files and components are one."""
    return sorted(set(FOUND) - set(REFUSED) | {"locale", "buffer", "release", "ignores_failure", "error_text",
                                                "partial", "twice_series", "label", "create_task", "secret", "silent"})


class BadPlugins(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="narthex-bad-")
        cls.plugins = cls.temporary.name
        for path in glob.glob(os.path.join(BAD, "*", "*.so")):
            if os.path.basename(path)[:-3] not in misdeeds():
                continue
            shutil.copy(path, cls.plugins)
            os.chmod(os.path.join(cls.plugins, os.path.basename(path)), 0o755)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def config(self, isolation, names):
        text = f'[plugins]\npath = ["{self.plugins}"]\n'
        text += '[[exporters]]\nplugin = "self"\ninterval = "200ms"\ntimeout = "200ms"\n'
        for name in names:
            text += (f'[[exporters]]\nplugin = "{name}"\ninterval = "500ms"\ntimeout = "200ms"\n'
                     f'isolation = "{isolation}"\n')
            if name == "hanger":
                text += f'until = "{self.plugins}/until"\n'
        return text

    @staticmethod
    def instances(agent):
        """What the agent says of each exporter, by its name without number."""
        return {i["name"].removeprefix("exporter.").partition("#")[0]: i
                for i in agent.api("status/plugins")["instances"]}

    def assert_greed_is_bounded(self, log, isolation):
        for said in GREEDY + [FLOOD[isolation]]:
            self.assertIn(said, log)
        # It wrote a thousand lines at once.
        self.assertNotIn("i=999", log)

    def test_each_is_found_by_rule(self):
        def check(name):
            suite, _, _ = FOUND[name]
            patience = "500ms" if name in HANGS else "2s"
            return subprocess.run([BIN, "plugin", "check", os.path.join(BAD, name, name + ".so"), "--suite", suite,
                                   "--timeout", patience, "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=120, errors="replace")

        with ThreadPoolExecutor(3) as pool:
            for name, done in zip(FOUND, pool.map(check, FOUND)):
                with self.subTest(name):
                    _, rule, text = FOUND[name]
                    self.assertEqual(done.returncode, 3, done.stdout)
                    self.assertIn(rule, done.stdout)
                    self.assertIn(text, done.stdout)

    def test_those_of_another_shape_are_refused(self):
        for name, reason in REFUSED.items():
            for isolation in ("none", "process"):
                with self.subTest(name=name, isolation=isolation), tempfile.TemporaryDirectory() as folder:
                    shutil.copy(os.path.join(BAD, name, name + ".so"), folder)
                    os.chmod(os.path.join(folder, name + ".so"), 0o755)
                    path = os.path.join(folder, "narthex.toml")
                    with open(path, "w") as out:
                        out.write(f'[plugins]\npath = ["{folder}"]\n[[exporters]]\nplugin = "bad"\n'
                                  f'isolation = "{isolation}"\n')
                    checked = subprocess.run([BIN, "check", "config", path], stdout=subprocess.PIPE,
                                             stderr=subprocess.STDOUT, text=True, timeout=30)
                    self.assertEqual(checked.returncode, 3, checked.stdout)
                    self.assertIn(reason, checked.stdout)

    def test_apart_all_of_them_do_no_harm(self):
        names = misdeeds()
        begun = time.monotonic()
        with Agent(self.config("process", names)) as agent:
            def results():
                return {dict(labels)["job"]: float(value) for labels, value in agent.query("up").items()}

            agent.until(lambda: set(results()) >= set(names), "all were collected", 30)
            agent.until(lambda: all(results()[name] == 0 for name in FAILS), "these fail", 30)

            def crashed():
                return {c["plugin"] for c in agent.api("status/plugins")["crashes"]}

            agent.until(lambda: crashed() >= {"org.example." + name for name in FATAL + HANGS}, "it is told", 30)

            def restarts():
                return {name: i["restarts"] for name, i in self.instances(agent).items() if name in FATAL + HANGS}

            agent.until(lambda: min(restarts().values()) > 0, "each of them gets another process", 30)
            # The pauses before are 0.5 s, 1 s, 2 s ...
            for name, count in restarts().items():
                self.assertLessEqual(0.5 * (2 ** count - 1), time.monotonic() - begun, name)
            self.assert_greed_is_bounded(agent.log(), "process")
            self.assertFalse(agent.query('min_over_time(up{job="self"}[10m]) == 0'))
            self.assertEqual(agent.api("status/plugins")["quarantined"], [])
            well = [name for name, up in results().items() if up == 1]
            self.assertGreater(len(well), len(names) / 2)
            self.assertIsNone(agent.process.poll())
            self.assertEqual(agent.stop(), 0)

    def test_in_the_agent_it_comes_back_without_the_worst(self):
        names = misdeeds()
        agent = Agent(self.config("none", names))
        try:
            lives = self.live_until_it_stays(agent)
            self.assertLessEqual(lives, 3 * len(FATAL) + 4)
            quarantined = {q["plugin"] for q in agent.api("status/plugins")["quarantined"]}
            self.assertLessEqual({"org.example." + name for name in FATAL}, quarantined)
            # It may do harm or none, so it may be among them.
            self.assertLessEqual(quarantined, {"org.example." + name for name in FATAL + ["write_past"]})
            agent.until(lambda: agent.query('up{job="self"} == 1'), "the others run")
            agent.until(lambda: agent.query('up{job="thrower"} == 0'), "so does what throws, and fails")
            status = self.instances(agent)
            self.assertNotIn("segfault", status)
            self.assertEqual(status["greedy"]["buffers"]["outstanding"], 1)
            self.assert_greed_is_bounded(agent.log(), "none")

            def collected(name):
                return sum(i["calls"].get("narthex.exporter/1.collect", {}).get("count", 0)
                           for i in agent.api("status/plugins")["instances"] if i["name"].startswith(name))

            # Each is asked once an interval: by then those that hang were.
            agent.until(lambda: collected("exporter.leak") > 2, "this life has collected")
            # Their workers never come back: it ends all the same.
            self.assertEqual(agent.stop(), 0)
            self.assertIn("a call into a plugin did not come back", agent.log())
        finally:
            if hasattr(agent, "process"):
                agent.__exit__()

    def live_until_it_stays(self, agent):
        """Starts it again as a service manager does, until a life in which everything was collected twice."""
        for life in range(1, 30):
            command = [BIN, "serve", "--data", agent.data, "--listen", "127.0.0.1:0", "--config", agent.config_path]
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=agent.folder.name)
            try:
                status = process.wait(2.5)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
                try:
                    self.assertEqual(process.wait(8), 0, "it ends, whatever hangs")
                finally:
                    process.kill()
                agent.start()
                return life
            self.assertLess(status, 0, "a service manager starts it again")
        self.fail("it never stays")


if __name__ == "__main__":
    main()
