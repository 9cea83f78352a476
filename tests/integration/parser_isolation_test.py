# SPDX-License-Identifier: Apache-2.0
"""Scrape parsers in processes of their own: what they read is what they read in the agent, and what ends one fails a
scrape and nothing else."""
import os
import shutil
import signal
import threading
import unittest

import agent
import exporter
import scrape_formats_test as formats
from containment_test import BAD, closed_to_others

PARSERS = ("prometheus_text", "openmetrics", "prometheus_protobuf")
APART = "".join('[plugins.settings."protocol.%s"]\nisolation = "process"\n' % name for name in PARSERS)
FEATURES = ["--enable-feature=" + formats.FEATURES]
HEAD = "global: {scrape_interval: %s, scrape_timeout: %s}\nscrape_configs:\n"


def with_settings(config, settings):
    """An agent over a prometheus.yml and what stands beside it in conf.d."""
    made = agent.Agent(config, name="prometheus.yml", arguments=FEATURES)
    os.mkdir(os.path.join(made.folder.name, "conf.d"))
    with open(os.path.join(made.folder.name, "conf.d", "plugins.toml"), "w") as out:
        out.write(settings)
    return made


def parser(server, name):
    return next(i for i in server.api("status/plugins")["instances"] if i["name"] == "protocol." + name)


def many(count, more="", size=10):
    """A page of so many samples, with labels of a size."""
    return "# TYPE many gauge\n# HELP many Of many.\n" + "".join(
        'many{of="%06d",what="%s"} %d\n' % (i, "x" * size, i) for i in range(count)) + more


class SamePages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = exporter.Exporter()
        bodies = {**formats.exporter_bodies(), **formats.edge_bodies()}
        bodies["t_utf8_label"] = (formats.TEXT_TYPE, b'fine 1\na{b="\xff"} 1\n')
        bodies["t_twice"] = (formats.TEXT_TYPE, b'fine 1\na{b="1",c="2",b="3"} 1\n')
        # More than the memory that the two sides share.
        bodies["t_large"] = (formats.TEXT_TYPE, many(20_000, size=200).encode())
        bodies["t_large_bad"] = (formats.TEXT_TYPE, many(20_000, "many{of=} 1\n", size=200).encode())
        config = HEAD % ("4s", "4s")
        cls.jobs = []
        for name, (content_type, body) in bodies.items():
            cls.target.pages["/" + name] = (200, content_type, body)
            for mode, options in formats.MODES.items():
                if not name.startswith(("p_", "t_", "o_")) and mode not in ("plain", "nhcb"):
                    continue
                if "large" in name and mode != "plain":
                    continue
                cls.jobs.append(name + "." + mode)
                config += formats.JOB % (cls.jobs[-1], name, options, cls.target.address)
        cls.servers = [agent.Agent(config, name="prometheus.yml", arguments=FEATURES).start(),
                       with_settings(config, APART).start()]
        for server in cls.servers:
            # The second scrape finds its series known.
            agent.Agent.until(lambda s=server: len(s.query("count_over_time(up[1m]) >= 2")) == len(cls.jobs),
                              "two scrapes of every job", 60)

    @classmethod
    def tearDownClass(cls):
        for server in cls.servers:
            server.__exit__()
        cls.target.close()

    def test_they_are_apart(self):
        for name in PARSERS:
            self.assertEqual([parser(s, name)["isolation"] for s in self.servers], ["none", "process"])
            self.assertGreater(parser(self.servers[1], name)["process"], 0)
            self.assertEqual(parser(self.servers[1], name)["restarts"], 0)

    def test_every_page_is_good_for_both_or_bad_in_the_same_words(self):
        here, there = (formats.ScrapeFormats.health(s) for s in self.servers)
        self.maxDiff = None
        self.assertEqual(there, here)
        self.assertRegex(here["t_bad.plain"][1], r"line 2, column \d+: ")
        self.assertRegex(here["t_large_bad.plain"][1], r"line 20003, column \d+: ")

    def test_the_same_samples_metadata_and_exemplars_are_stored(self):
        exemplars = 0
        for job in self.jobs:
            with self.subTest(job=job):
                here, there = (formats.ScrapeFormats.samples(s, job) for s in self.servers)
                self.assertEqual(there, here)
                here, there = (sorted((m["metric"], m["type"], m["help"], m["unit"]) for m in s.api(
                    "targets/metadata", match_target='{job="%s"}' % job)) for s in self.servers)
                self.assertEqual(there, here)
                here, there = ([(formats.labels_of(e["seriesLabels"]),
                                 sorted({(formats.labels_of(x["labels"]), x["value"]) for x in e["exemplars"]}))
                                for e in s.api("query_exemplars", query='{job="%s"}' % job, start=0, end=1e11)]
                               for s in self.servers)
                self.assertEqual(there, here)
                exemplars += len(here)
        self.assertGreater(exemplars, 5)


class Ends(unittest.TestCase):
    def test_a_process_that_is_killed_fails_scrapes_until_it_runs_again(self):
        target = exporter.Exporter()
        self.addCleanup(target.close)
        target.text("/metrics", "fine 1\n")
        config = HEAD % ("100ms", "100ms") + "- {job_name: page, static_configs: [{targets: ['%s']}]}\n" % target.address
        with with_settings(config, APART) as server:
            def health():
                return server.api("targets")["activeTargets"][0]

            server.until(lambda: health()["health"] == "up", "it is scraped")
            for life in range(1, 3):
                first = parser(server, "prometheus_text")
                os.kill(first["process"], signal.SIGKILL)
                server.until(lambda: "was killed by SIGKILL" in health()["lastError"], "a scrape fails, and says why")
                self.assertTrue(server.query('min_over_time(up{job="page"}[1m]) == 0'))
                server.until(lambda: parser(server, "prometheus_text").get("process", 0) not in (0, first["process"]),
                             "it runs again")
                server.until(lambda: health()["health"] == "up", "and reads pages")
                self.assertEqual(parser(server, "prometheus_text")["restarts"], life)

    def test_one_that_is_killed_in_the_middle_of_large_pages_harms_nothing(self):
        target = exporter.Exporter()
        self.addCleanup(target.close)
        turns = iter(range(1_000_000))
        # Half of the series are new each time: their labels are asked for while the page is read.
        target.pages["/metrics"] = lambda: (200, formats.TEXT_TYPE, many(
            5000, "".join('new{turn="%d",of="%d"} 1\n' % (next(turns), i) for i in range(5000))).encode())
        config = HEAD % ("500ms", "500ms") + "".join("- {job_name: page%d, static_configs: [{targets: ['%s']}]}\n" % (i, target.address)
                                for i in range(4))
        with with_settings(config, APART) as server:
            stop = threading.Event()

            def kill():
                while not stop.wait(0.35):
                    process = parser(server, "prometheus_text").get("process", 0)
                    if process > 0:
                        os.kill(process, signal.SIGKILL)

            killer = threading.Thread(target=kill)
            server.until(lambda: len(server.query("up == 1")) == 4, "all are scraped")
            killer.start()
            server.until(lambda: parser(server, "prometheus_text")["restarts"] >= 3, "it was killed thrice", 60)
            stop.set()
            killer.join()
            server.until(lambda: len(server.query("up == 1")) == 4, "all are scraped again", 60)
            self.assertEqual(set(server.query("scrape_samples_scraped").values()), {"10000"})
            self.assertIsNone(server.process.poll())
            self.assertEqual(server.stop(), 0)

    def test_a_parser_that_crashes_is_alone_in_it(self):
        plugins = closed_to_others(os.path.join(BAD, "parser"))
        self.addCleanup(shutil.rmtree, plugins)
        target = exporter.Exporter()
        self.addCleanup(target.close)
        target.text("/fine", "fine 1\n")
        target.text("/told", "fine 1\n!segfault\n", "text/x-told")
        config = HEAD % ("200ms", "200ms") + "".join("- {job_name: %s, metrics_path: /%s, static_configs: [{targets: ['%s']}]}\n"
                                % (job, job, target.address) for job in ("fine", "told"))
        settings = '[plugins]\npath = ["%s"]\n[plugins.settings."org.example.told"]\nisolation = "process"\n' % plugins
        with with_settings(config, settings) as server:
            def error(job):
                return next((t["lastError"] for t in server.api("targets")["activeTargets"] if t["labels"]["job"] == job), "")

            server.until(lambda: "narthex.parser/1.parse" in error("told"), "its scrape fails")
            self.assertIn("was killed by SIGSEGV", error("told"))
            server.until(lambda: len(server.api("status/plugins")["crashes"]) >= 3, "it crashes again and again")
            self.assertEqual(server.api("status/plugins")["quarantined"], [])
            self.assertIn("narthex.parser/1.parse", server.api("status/plugins")["crashes"][0]["text"])
            self.assertEqual(error("fine"), "")
            target.text("/told", "told 7\n", "text/x-told")
            server.until(lambda: list(server.query("told").values()) == ["7"], "a good page is read", 30)
            self.assertIsNone(server.process.poll())


if __name__ == "__main__":
    unittest.main()
