# SPDX-License-Identifier: Apache-2.0
"""The host metrics of the agent equal those of a node_exporter, where one is installed: as
`prometheus-node-exporter` or `node_exporter` in PATH, or named by $NARTHEX_NODE_EXPORTER."""
import os
import re
import shutil
import socket
import subprocess
import time
import unittest

import agent
import node_parity


def find_node_exporter():
    """The program, when it is recent enough to have the names and rules of 1.11."""
    named = (os.environ.get("NARTHEX_NODE_EXPORTER") or shutil.which("prometheus-node-exporter")
             or shutil.which("node_exporter"))
    if not named:
        return None
    shown = subprocess.run([named, "--version"], capture_output=True, text=True)
    found = re.search(r"version (\d+)\.(\d+)", shown.stdout + shown.stderr)
    return named if found and (int(found[1]), int(found[2])) >= (1, 10) else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@unittest.skipUnless(find_node_exporter(), "no node_exporter 1.10 or newer is installed")
class NodeParity(unittest.TestCase):
    def setUp(self):
        port = free_port()
        self.base = "http://127.0.0.1:%d" % port
        self.exporter = subprocess.Popen([find_node_exporter(), "--web.listen-address=127.0.0.1:%d" % port],
                                         stderr=subprocess.DEVNULL)
        self.addCleanup(self.exporter.wait)
        self.addCleanup(self.exporter.terminate)
        agent.Agent.until(lambda: node_parity.read_node_exporter(self.base).samples, "node_exporter")

    def test_names_labels_types_and_values_are_the_same(self):
        with agent.Agent() as running:
            base = "http://127.0.0.1:%d" % running.port
            before = node_parity.read_node_exporter(self.base)
            ours = node_parity.read_agent(base, time.time())
            after = node_parity.read_node_exporter(self.base)
        problems, _ = node_parity.compare(ours, before, after)
        self.assertEqual(problems, [])


if __name__ == "__main__":
    agent.main()
