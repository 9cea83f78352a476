# SPDX-License-Identifier: Apache-2.0
"""`narthex doctor`: what is wrong is a fault with what to do about it and exit status 3; warnings alone are 0."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

from agent import BIN, Agent, main

BAD = os.path.join(os.path.dirname(os.path.dirname(BIN)), "bad")
QUIET = '[http]\nlisten = "127.0.0.1:0"\n'


class Doctor(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="narthex-doctor-")
        self.addCleanup(self.temporary.cleanup)
        self.folder = self.temporary.name
        self.data = os.path.join(self.folder, "data")

    def config(self, text, mode=0o600):
        path = os.path.join(self.folder, "narthex.toml")
        with open(path, "w") as out:
            out.write(text)
        os.chmod(path, mode)
        return path

    def ask(self, config, *more, data=None, limit=None):
        """{subject: [(health, text, advice)]} and the exit status."""
        command = [BIN, "doctor", "--config", config, "--data", data or self.data, "--output", "json", *more]
        if limit is not None:
            command = ["prlimit", "--nofile=%d:%d" % (limit, limit)] + command
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        found = {}
        for each in json.loads(done.stdout):
            found.setdefault(each["subject"], []).append((each["health"], each["text"], each["advice"]))
        return found, done.returncode

    def fault(self, found, subject, text, health="fault"):
        """The advice of the one finding that says this."""
        fitting = [f for f in found[subject] if f[0] == health and text in f[1]]
        self.assertEqual(len(fitting), 1, found)
        return fitting[0][2]

    def test_a_healthy_place_has_no_fault(self):
        found, status = self.ask(self.config(QUIET))
        self.assertEqual(status, 0, found)
        self.assertNotIn("fault", [health for all in found.values() for health, _, _ in all])
        self.assertLessEqual({"config", "data", "disk", "port", "descriptors", "plugins"}, set(found))

    def test_each_fault_says_what_to_do(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            listen = '[http]\nlisten = "127.0.0.1:%d"\n' % taken.getsockname()[1]
            found, status = self.ask(self.config(listen))
        self.assertEqual(status, 3)
        self.assertIn("ss -ltnp", self.fault(found, "port", "Address already in use"))

        found, status = self.ask(self.config("nonsense = 1\n"))
        self.assertEqual(status, 3)
        self.fault(found, "config", 'narthex.toml:1:1: unknown key "nonsense"')

        place = os.path.join(self.folder, "file")
        with open(place, "w"):
            pass
        found, status = self.ask(self.config(QUIET), data=place)
        self.assertEqual(status, 3)
        self.assertIn("chown narthex:narthex", self.fault(found, "data", "not a folder this user can write to"))

        plugins = os.path.join(self.folder, "plugins")
        os.mkdir(plugins)
        shutil.copy(os.path.join(BAD, "older_abi", "older_abi.so"), plugins)
        os.chmod(os.path.join(plugins, "older_abi.so"), 0o755)
        found, status = self.ask(self.config(QUIET), "--plugin-dir", plugins)
        self.assertEqual(status, 3)
        self.assertIn("narthex plugin check", self.fault(found, "plugins", "older_abi.so: built for plugin ABI 0.0"))

    def test_what_works_but_not_well_is_a_warning(self):
        secret = QUIET + '[[scrape_configs]]\njob_name = "x"\n[scrape_configs.basic_auth]\nusername = "a"\npassword = "hunter2"\n'
        found, status = self.ask(self.config(secret, mode=0o644))
        self.assertEqual(status, 0)
        self.assertIn("chmod 640", self.fault(found, "secrets", "everybody may read it", "warning"))
        self.assertNotIn("hunter2", str(found))
        found, _ = self.ask(self.config(secret, mode=0o640))
        self.assertFalse([f for f in found.get("secrets", []) if f[0] == "warning"], found)

        found, status = self.ask(self.config(QUIET), limit=64)
        self.assertEqual(status, 0)
        self.assertIn("LimitNOFILE", self.fault(found, "descriptors", "64 files may be open", "warning"))

    def test_the_credentials_of_the_service_are_no_fault_elsewhere(self):
        def scraped(variable):
            return (QUIET + '[[scrape_configs]]\njob_name = "x"\n[scrape_configs.basic_auth]\nusername = "a"\n'
                    f'password_file = "${{{variable}}}/narthex_x"\n')

        found, status = self.ask(self.config(scraped("CREDENTIALS_DIRECTORY")))
        self.assertEqual(status, 0, found)
        self.assertIn("narthex reload", self.fault(found, "credentials", "which only the service has", "note"))
        self.fault(found, "config", "is valid", "good")

        # What is read from there at once can be judged by the service only.
        found, status = self.ask(self.config(
            QUIET + 'config_file = "${CREDENTIALS_DIRECTORY}/narthex_web.toml"\n'))
        self.assertEqual(status, 0, found)
        self.fault(found, "config", "/run/credentials/narthex.service/narthex_web.toml", "note")

        # To `check config` as well.
        def checked(text):
            return subprocess.run([BIN, "check", "config", self.config(text)], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=60)

        for text in (scraped("CREDENTIALS_DIRECTORY"),
                     QUIET + 'config_file = "${CREDENTIALS_DIRECTORY}/narthex_web.toml"\n'):
            done = checked(text)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn("which only the service has", done.stdout)
            self.assertIn("SUCCESS", done.stdout)
        self.assertIn("/run/credentials/narthex.service/narthex_web.toml", done.stdout)
        done = checked(scraped("CREDENTIALS_DIRECTORY") + "nonsense = 1\n")
        self.assertEqual(done.returncode, 3)
        self.assertIn("1 error\n", done.stdout)

        # Under the unit it is a fact, and another variable is nobody's.
        os.environ["CREDENTIALS_DIRECTORY"] = self.folder
        self.addCleanup(os.environ.pop, "CREDENTIALS_DIRECTORY")
        found, status = self.ask(self.config(scraped("CREDENTIALS_DIRECTORY")))
        self.assertEqual(status, 0, found)
        self.assertNotIn("credentials", found)
        found, status = self.ask(self.config(scraped("NOBODYS_DIRECTORY")))
        self.assertEqual(status, 3)
        self.fault(found, "config", "the environment variable NOBODYS_DIRECTORY is not set")

    def test_a_running_agent_is_asked(self):
        with Agent(QUIET) as agent:
            found, status = self.ask(agent.config_path, data=agent.data)
            self.assertEqual(status, 0, found)
            self.fault(found, "port", "the agent listens at http://127.0.0.1:%d" % agent.port, "good")

    def test_it_is_a_table_for_people(self):
        done = subprocess.run([BIN, "doctor", "--config", self.config("nonsense = 1\n"), "--data", self.data],
                              stdout=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stdout, r"HEALTH +SUBJECT +FOUND\n")
        done = subprocess.run([BIN, "doctor", "--config", self.config(QUIET), "--data", self.data],
                              stdout=subprocess.PIPE, text=True, timeout=60)
        self.assertRegex(done.stdout, r" disk +[0-9.]+ [KMGT]iB free in ")


if __name__ == "__main__":
    main()
