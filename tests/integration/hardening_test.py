# SPDX-License-Identifier: Apache-2.0
"""Every ELF file of ours is built hardened: position independent, full RELRO, no executable stack, CET, stack
protector, FORTIFY, libstdc++'s assertions."""
import glob
import os
import re
import subprocess
import unittest

import agent

ROOT = os.path.dirname(os.path.dirname(agent.BIN))
PLUGINS = sorted(glob.glob(os.path.join(ROOT, "lib/narthex/plugins/*.so")))
# The only place where one is checked for a guard that not every small file has a use for.
LARGE_BYTES = 100_000


def read(path):
    """What readelf says of headers, segments, dynamic section and symbols."""
    return subprocess.run(["readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--dyn-syms", path],
                          check=True, capture_output=True, text=True).stdout


FILES = {path: read(path) for path in [agent.BIN] + PLUGINS}


@unittest.skipIf(re.search("__(asan|tsan|ubsan)_", FILES[agent.BIN]), "sanitizers have their own ways")
class Hardening(unittest.TestCase):
    def each(self, check, least_bytes=0):
        for path, text in FILES.items():
            if os.path.getsize(path) >= least_bytes:
                with self.subTest(os.path.basename(path)):
                    check(text)

    def test_there_is_something_to_check(self):
        self.assertGreater(len(PLUGINS), 10)

    def test_code_may_be_anywhere(self):
        self.each(lambda text: self.assertRegex(text, r"Type:\s+DYN"))
        self.each(lambda text: self.assertNotIn("TEXTREL", text))

    def test_the_tables_of_the_linker_are_read_only(self):
        self.each(lambda text: self.assertIn("GNU_RELRO", text))
        self.each(lambda text: self.assertRegex(text, r"BIND_NOW|FLAGS_1.*NOW"))

    def test_nothing_is_both_writable_and_executable(self):
        self.each(lambda text: self.assertRegex(text, r"GNU_STACK(?:\s+0x\S+){5}\s+RW\s+0x"))
        self.each(lambda text: self.assertNotRegex(text, r"LOAD.* RWE "))

    def test_no_library_is_searched_elsewhere(self):
        self.each(lambda text: self.assertNotRegex(text, r"\((RPATH|RUNPATH)\)"))

    @unittest.skipUnless(os.uname().machine == "x86_64", "a matter of x86")
    def test_functions_are_marked_as_targets_of_jumps(self):
        # By their code: Debian's crti.o has no CET note, so that no program linked with it has one.
        for path in FILES:
            with self.subTest(os.path.basename(path)), open(path, "rb") as file:
                self.assertGreater(file.read().count(b"\xf3\x0f\x1e\xfa"), 10)

    def test_stacks_are_guarded(self):
        self.each(lambda text: self.assertIn("__stack_chk_fail", text), LARGE_BYTES)

    def test_copies_are_fortified(self):
        self.assertRegex(FILES[agent.BIN], r" __(memcpy|snprintf|vsnprintf|read|memset|fprintf)_chk")

    def test_the_library_asserts(self):
        self.each(lambda text: self.assertIn("__glibcxx_assert_fail", text), 3 * LARGE_BYTES)


if __name__ == "__main__":
    agent.main()
