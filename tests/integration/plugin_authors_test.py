# SPDX-License-Identifier: Apache-2.0
"""From nothing to data, in three languages: install what authors need to a fresh prefix, `plugin new`, build
against the installed headers, `plugin check`, serve with a configuration that uses the plugin, ask over HTTP. Rust
is left out where there is no cargo."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from agent import BIN, Agent, main

BUILD = pathlib.Path(BIN).resolve().parent.parent
KINDS = {
    "cpp": ["discovery", "exporter", "function", "ingest", "notifier", "protocol", "storage"],
    "c": ["discovery", "exporter", "function", "ingest", "notifier", "protocol"],
    "rust": ["exporter", "function", "protocol"],
}


def run(*command, cwd=None, env=None, expect=0):
    """Runs a command to its end and returns what it printed."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=env, timeout=170, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
    if done.returncode != expect:
        raise AssertionError("%s exits with %d\n%s" % (" ".join(map(str, command)), done.returncode, done.stdout))
    return done.stdout


class PluginAuthors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="narthex-authors-")
        cls.work = pathlib.Path(cls.temporary.name)
        cls.prefix = cls.work / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix, "--component", "plugin-api")
        (cls.prefix / "bin").mkdir()
        cls.program = cls.prefix / "bin/narthex"
        shutil.copy(BIN, cls.program)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def build(self, kind, language, name):
        """A new project, built and tested as its README says; the folder of its plugin file."""
        run(self.program, "plugin", "new", kind, name, "--lang", language, cwd=self.work)
        folder = self.work / name
        if language == "rust":
            env = dict(os.environ, NARTHEX=str(self.program))
            run("cargo", "build", "--release", "--offline", cwd=folder, env=env)
            run("chmod", "-R", "go-w", "target", cwd=folder)
            run("cargo", "test", "--release", "--offline", cwd=folder, env=env)
            return folder / "target/release"
        run("cmake", "-B", "build", "-DCMAKE_PREFIX_PATH=%s" % self.prefix, cwd=folder)
        run("cmake", "--build", "build", cwd=folder)
        listed = run("ctest", "--test-dir", "build", "--output-on-failure", cwd=folder)
        self.assertIn("check/" + name, listed)
        return folder / "build"

    def languages(self):
        return [each for each in KINDS if each != "rust" or shutil.which("cargo")]

    def test_from_nothing_to_data(self):
        for language in self.languages():
            with self.subTest(language=language):
                name = "load_" + language
                plugins = self.build("exporter", language, name)
                file = plugins / ("lib%s.so" % name if language == "rust" else name + ".so")
                self.assertIn(": 0 findings;", run(self.program, "plugin", "check", file))
                config = (self.work / name / "narthex.toml").read_text().replace('"5s"', '"200ms"')
                with Agent(config, arguments=["--plugin-dir", str(plugins)]) as agent:
                    series = name + "_load"
                    Agent.until(lambda: len(agent.query(series)) == 3, series)

    def test_every_kind(self):
        for language in self.languages():
            for kind in KINDS[language]:
                if kind != "exporter":
                    with self.subTest(language=language, kind=kind):
                        self.build(kind, language, "my_%s_%s" % (kind, language))

    def test_a_function_answers(self):
        plugins = self.build("function", "c", "cubed")
        config = '[[exporters]]\nplugin = "self"\ninterval = "200ms"\n'
        with Agent(config, arguments=["--plugin-dir", str(plugins)]) as agent:
            self.assertEqual(agent.query("cubed(vector(3))"), {(): "27"})

    def test_without_cmake(self):
        run(self.program, "plugin", "new", "exporter", "by_hand", "--lang", "c", cwd=self.work)
        folder = self.work / "by_hand"
        env = dict(os.environ, PKG_CONFIG_PATH=str(self.prefix / "share/pkgconfig"))
        flags = run("pkg-config", "--cflags", "--libs", "narthex", env=env).split()
        run("cc", "-std=c99", "-O2", "-shared", "-fPIC", "by_hand.c", *flags, "-o", "by_hand.so", cwd=folder)
        run("chmod", "go-w", "by_hand.so", ".", cwd=folder)
        run(self.program, "plugin", "check", "--quiet", folder / "by_hand.so")

    def test_mistakes(self):
        run(self.program, "plugin", "new", "exporter", "taken", cwd=self.work)
        self.assertIn("exists and is not empty", run(self.program, "plugin", "new", "exporter", "taken",
                                                     cwd=self.work, expect=1))
        self.assertIn("is not [a-z]", run(self.program, "plugin", "new", "exporter", "Bad-Name",
                                          cwd=self.work, expect=2))
        self.assertIn("there are: discovery, exporter", run(self.program, "plugin", "new", "storage", "shelf",
                                                            "--lang", "c", cwd=self.work, expect=2))
        self.assertIn("no plugin file", run(self.program, "plugin", "check", "nowhere.so",
                                            cwd=self.work, expect=1))
        bad = BUILD / "bad/print/print.so"
        self.assertIn("NXR-ERR-3", run(self.program, "plugin", "check", "--quiet", bad, expect=3))


if __name__ == "__main__":
    main()
