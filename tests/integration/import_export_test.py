# SPDX-License-Identifier: Apache-2.0
"""narthex import and export as processes: pushed to a running agent, into a data directory, out of it
again, and what they say when they cannot."""
import os
import shutil
import subprocess
import tempfile
import time
import unittest

import agent

PROMTOOL = shutil.which("promtool")
PLUGINS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(agent.BIN))), "lib/narthex/plugins")
HAS_TSDB = os.path.exists(os.path.join(PLUGINS, "narthex_storage_tsdb.so"))
BACKEND = ("--storage.backend", "tsdb")
SERIES = 10
SAMPLES = 300


def open_metrics(begin):
    lines = ["# TYPE level gauge", "# HELP level How high."]
    for s in range(SERIES):
        lines += ['level{s="%d"} %s %d' % (s, s + i / 8, begin + i * 15) for i in range(SAMPLES)]
    return "\n".join(lines + ["# EOF", ""])


class ImportExport(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="narthex-test-")
        self.addCleanup(self.folder.cleanup)
        # Ends in the past; begins in one two-hour block and ends in another.
        self.begin = (int(time.time()) - 4 * 3600) // 7200 * 7200 + 7200 - 1200
        self.text = self.write("in.om", open_metrics(self.begin))

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w") as out:
            out.write(text)
        return self.path(name)

    def run_ok(self, *arguments):
        done = agent.run_to_end(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def assert_all_there(self, server):
        at = self.begin + SAMPLES * 15
        counts = server.query("count_over_time(level[3h])", time=at)
        self.assertEqual(set(counts.values()), {str(SAMPLES)})
        self.assertEqual(len(counts), SERIES)
        last = server.query('level{s="3"}', time=at - 15)
        self.assertEqual(list(last.values()), [str(3 + (SAMPLES - 1) / 8)])

    def test_text_is_pushed_to_a_running_agent(self):
        with agent.Agent("[global]\n", arguments=["--web.enable-remote-write-receiver"]) as server:
            url = "http://127.0.0.1:%d" % server.port
            done = self.run_ok("import", self.text, "--url", url)
            self.assertIn("series      10\n", done.stdout)
            self.assertIn("accepted    3,000 ", done.stdout)
            self.assert_all_there(server)
            self.run_ok("import", self.text, "--url", url)  # the same again is no error
            self.run_ok("import", self.text, "--url", url, "--label", "site=oslo", "--match", 'level{s="1"}')
            found = server.query('level{site="oslo"}', time=self.begin + 15)
            self.assertEqual([dict(k)["s"] for k in found], ["1"])

    @unittest.skipUnless(PROMTOOL, "promtool is absent")
    def test_blocks_are_pushed_to_a_running_agent(self):
        subprocess.run([PROMTOOL, "tsdb", "create-blocks-from", "openmetrics", self.text, self.path("blocks")],
                       check=True, capture_output=True)
        with agent.Agent("[global]\n", arguments=["--web.enable-remote-write-receiver"]) as server:
            self.run_ok("import", self.path("blocks"), "--url", "http://127.0.0.1:%d" % server.port)
            self.assert_all_there(server)

    def test_a_dry_run_counts_and_writes_nothing(self):
        done = self.run_ok("import", self.text, "--dry-run", "--min-time", str(self.begin + 15),
                           "--max-time", str(self.begin + 30), "--data", self.path("none"))
        self.assertIn("counted     20 ", done.stdout)
        self.assertIn("outside     2,980 ", done.stdout)
        self.assertFalse(os.path.exists(self.path("none")))

    def test_a_directory_with_an_agent_on_it_is_left_alone(self):
        with agent.Agent("[global]\n") as server:
            for verb in (["import", self.text], ["export", "--out", self.path("out")]):
                done = agent.run_to_end(*verb, "--data", server.data)
                self.assertEqual(done.returncode, 1)
                self.assertIn("in use by process %d" % server.process.pid, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)

    def test_failures_say_what_and_where(self):
        for arguments, status, text in (
                (["import", "/no/such/path"], 1, "/no/such/path"),
                (["import", self.folder.name], 1, "neither a block"),
                (["import", self.write("bad.om", "a 1 2\na{ 3\n# EOF\n"), "--dry-run"], 1, "bad.om: line 2, column"),
                (["import", self.write("no.om", "a 1\n# EOF\n"), "--dry-run"], 1, "line 1: the sample has no timestamp"),
                (["import", self.text, "--match", "{", "--dry-run"], 2, "--match"),
                (["import", self.text, "--label", "x", "--dry-run"], 2, "--label"),
                (["import", self.text, "--min-time", "yesterday", "--dry-run"], 2, "--min-time"),
                (["import"], 2, "paths"),
                (["export", "--out", "x", "--data", self.path("none")], 1, "does not exist"),
                (["export", "--out", "x", "--block-duration", "0s"], 2, "--block-duration"),
                (["import", self.text, "--data", self.path("m"), "--storage.backend", "memory"], 1, "keeps nothing")):
            done = agent.run_to_end(*arguments)
            self.assertEqual(done.returncode, status, arguments)
            self.assertIn(text, done.stderr)

    @unittest.skipUnless(PROMTOOL, "promtool is absent")
    def test_a_damaged_block_is_told_and_read_around(self):
        subprocess.run([PROMTOOL, "tsdb", "create-blocks-from", "openmetrics", self.text, self.path("blocks")],
                       check=True, capture_output=True)
        block = os.path.join(self.path("blocks"), sorted(os.listdir(self.path("blocks")))[0])
        chunks = os.path.join(block, "chunks", "000001")
        with open(chunks, "r+b") as file:
            file.seek(os.path.getsize(chunks) // 2)
            byte = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte[0] ^ 1]))
        done = agent.run_to_end("import", block, "--dry-run")
        self.assertEqual(done.returncode, 3)
        self.assertIn("damaged: %s at byte " % chunks, done.stderr)

    @unittest.skipUnless(HAS_TSDB, "the tsdb backend is not built")
    def test_samples_of_any_age_come_and_go(self):
        old = self.write("old.om", "old 1 1000000000\nold 2 1000000060.5\n# EOF\n")
        self.run_ok("import", old, "--data", self.path("data"), *BACKEND)
        for _ in range(2):  # looking does not take them away
            done = self.run_ok("export", "--data", self.path("data"), *BACKEND, "--out", "-")
            self.assertEqual(done.stdout, "old 1 1000000000\nold 2 1000000060.5\n# EOF\n")

    @unittest.skipUnless(HAS_TSDB, "the tsdb backend is not built")
    def test_a_data_directory_is_filled_served_and_exported(self):
        data = self.path("data")
        done = self.run_ok("import", self.text, "--data", data, *BACKEND)
        self.assertIn("accepted    3,000 ", done.stdout)
        self.run_ok("export", "--data", data, *BACKEND, "--out", self.path("out.om"))
        with open(self.path("out.om")) as file:
            lines = file.read().split("\n")
        self.assertEqual(lines[-2:], ["# EOF", ""])
        self.assertEqual(sum(line.startswith("level{") for line in lines), SERIES * SAMPLES)
        done = self.run_ok("export", "--data", data, *BACKEND, "--format", "blocks", "--out", self.path("blocks"))
        self.assertEqual(done.stderr.count("block  "), 2)
        if PROMTOOL:
            dump = subprocess.run([PROMTOOL, "tsdb", "dump", self.path("blocks")], capture_output=True, text=True)
            self.assertEqual(len(dump.stdout.splitlines()), SERIES * SAMPLES)
            # What stands in the dump is what went in.
            self.assertIn('{__name__="level", s="3"} 3.125 %d' % ((self.begin + 15) * 1000), dump.stdout)
        self.run_ok("import", self.path("blocks"), "--data", self.path("again"), *BACKEND)
        server = agent.Agent("[global]\n", arguments=BACKEND)
        server.data = self.path("again")
        with server:
            self.assert_all_there(server)


if __name__ == "__main__":
    agent.main()
