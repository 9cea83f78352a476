# SPDX-License-Identifier: Apache-2.0
"""Start, reload, stop: exit codes, one-line errors, all-or-nothing reloads."""
import os
import signal
import socket
import tempfile
import unittest

import agent

CONFIG = """
[[scrape_configs]]
job_name = "one"
scrape_interval = "1s"
static_configs = [{ targets = ["127.0.0.1:1"] }]
"""


class Starting(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="narthex-test-")
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w") as out:
            out.write(text)
        return self.path(name)

    def refuse(self, status, text, *arguments):
        ended = agent.run_to_end("serve", "--listen", "127.0.0.1:0", *arguments, cwd=self.folder.name)
        self.assertEqual(ended.returncode, status, ended.stderr)
        self.assertIn(text, ended.stderr)

    def test_a_bad_configuration_is_78_and_names_file_line_and_key(self):
        config = self.write("bad.toml", 'x = 1\n[global]\nscrape_intervall = "15s"\n')
        self.refuse(78, "bad.toml:3:1", "--config", config, "--data", self.path("d"))
        self.refuse(78, "scrape_interval", "--config", config, "--data", self.path("d"))

    def test_a_missing_configuration_is_78(self):
        self.refuse(78, "nowhere.yml", "--config", self.path("nowhere.yml"), "--data", self.path("d"))

    def test_a_file_for_a_data_directory_is_73(self):
        self.refuse(73, "is a file, not a directory", "--data", self.write("file", ""))

    def test_an_unknown_flag_is_2(self):
        self.refuse(2, "no-such-flag", "--no-such-flag")

    def test_a_taken_port_is_1_and_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            ended = agent.run_to_end("serve", "--listen", address, "--data", self.path("d"))
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertIn(address, ended.stderr)

    def test_a_data_directory_has_one_process(self):
        with agent.Agent(CONFIG) as first:
            self.refuse(73, "in use by process %d" % first.process.pid, "--data", first.data)


class Running(unittest.TestCase):
    def pools(self, running):
        return running.api("scrape_pools")["scrapePools"]

    def test_a_reload_takes_the_new_configuration(self):
        for how in ("signal", "post"):
            with self.subTest(how), agent.Agent(CONFIG, arguments=["--web.enable-lifecycle"]) as running:
                self.assertEqual(self.pools(running), ["one"])
                running.write_config(CONFIG.replace('"one"', '"two"'))
                if how == "signal":
                    running.process.send_signal(signal.SIGHUP)
                else:
                    self.assertEqual(running.post("/-/reload").status, 200)
                running.until(lambda: self.pools(running) == ["two"], "the new job")

    def test_a_bad_reload_changes_nothing_and_says_so(self):
        with agent.Agent(CONFIG, arguments=["--web.enable-lifecycle"]) as running:
            running.write_config(CONFIG.replace("job_name", "jobname"))
            answer = running.post("/-/reload")
            self.assertEqual(answer.status, 500)
            self.assertIn("jobname", answer.text)
            self.assertEqual(self.pools(running), ["one"])
            self.assertIn("prometheus_config_last_reload_successful 0", running.get("/metrics").text)
            running.write_config(CONFIG)
            self.assertEqual(running.post("/-/reload").status, 200)
            self.assertIn("prometheus_config_last_reload_successful 1", running.get("/metrics").text)

    def test_lifecycle_and_admin_are_closed_unless_asked_for(self):
        with agent.Agent(CONFIG) as running:
            self.assertEqual(running.post("/-/reload").status, 403)
            self.assertEqual(running.post("/-/quit").status, 403)
            self.assertGreaterEqual(running.post("/api/v1/admin/tsdb/delete_series?match[]=up").status, 400)
            self.assertEqual(running.post("/api/v1/write").status, 404)

    def test_sigterm_ends_it_with_0(self):
        for sig in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(sig):
                running = agent.Agent(CONFIG).start()
                self.assertEqual(running.stop(sig), 0)
                running.process.stderr.close()
                running.folder.cleanup()

    def test_quit_ends_it_with_0(self):
        running = agent.Agent(CONFIG, arguments=["--web.enable-lifecycle"]).start()
        self.assertEqual(running.post("/-/quit").status, 200)
        self.assertEqual(running.process.wait(10), 0)
        running.__exit__()


if __name__ == "__main__":
    agent.main()
