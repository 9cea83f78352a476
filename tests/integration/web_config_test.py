# SPDX-License-Identifier: Apache-2.0
"""--web.config.file: TLS, users and headers, as Prometheus has them, with the real binary."""
import base64
import concurrent.futures
import os
import socket
import ssl
import subprocess
import time
import unittest

import agent
from peers import free_port, program

# "secret", at cost 10: some 60 ms a check.
HASH = "$2y$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u"
PROMETHEUS = program("prometheus")
NO_JOBS = "scrape_configs: []\n"


def make_certificate(folder, name):
    """A self-signed pair NAME.pem and NAME.key."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", os.path.join(folder, name + ".key"), "-out", os.path.join(folder, name + ".pem"),
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                   check=True, capture_output=True)


def authorization(password, user="ada"):
    return {"Authorization": "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()}


class WebAgent(agent.Agent):
    """An agent with a web.yml; its requests go over TLS when `secure`, and with `headers`."""

    def __init__(self, web, secure=False, headers=None, config=NO_JOBS):
        super().__init__(config, "prometheus.yml")
        self.secure, self.headers = secure, headers or {}
        self.web = os.path.join(self.folder.name, "web.yml")
        make_certificate(self.folder.name, "cert")
        self.write_web(web)
        self.arguments += ["--web.config.file", self.web]

    def write_web(self, text):
        with open(self.web + ".new", "w") as out:
            out.write(text)
        os.rename(self.web + ".new", self.web)

    def trust(self, name="cert"):
        return ssl.create_default_context(cafile=os.path.join(self.folder.name, name + ".pem"))

    def request(self, method, path, body=None, headers=None, trust=None):
        if not self.secure:
            return super().request(method, path, body, headers if headers is not None else self.headers)
        connection = agent.http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20,
                                                       context=trust or self.trust())
        try:
            connection.request(method, path, body, headers if headers is not None else self.headers)
            answer = connection.getresponse()
            answer.text = answer.read().decode()
            return answer
        finally:
            connection.close()

    def metric(self, name):
        for line in self.get("/metrics").text.splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError("no metric " + name)


TLS = "tls_server_config:\n  cert_file: cert.pem\n  key_file: cert.key\n"
USERS = "basic_auth_users:\n  ada: %s\n" % HASH


class Users(unittest.TestCase):
    def test_twenty_dashboards_cost_one_check(self):
        with WebAgent(USERS, headers=authorization("secret")) as a:
            before = a.metric("narthex_http_password_checks_total")
            self.assertEqual(before, 1)  # whoever waited for it to be ready
            wrong = authorization("guess")
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                answers = list(pool.map(lambda _: a.request("GET", "/api/v1/query?query=1").status, range(200)))
                refused = list(pool.map(lambda _: a.request("GET", "/", headers=wrong).status, range(40)))
            self.assertEqual(set(answers), {200})
            self.assertEqual(set(refused), {401})
            self.assertEqual(a.metric("narthex_http_password_checks_total"), before + 1)

    def test_guessing_does_not_slow_those_who_are_in(self):
        with WebAgent(USERS, headers=authorization("secret")) as a:
            a.get("/-/healthy")
            with concurrent.futures.ThreadPoolExecutor(30) as pool:
                guesses = [pool.submit(a.request, "GET", "/", headers=authorization(str(i))) for i in range(60)]
                took = []
                for _ in range(20):
                    began = time.monotonic()
                    self.assertEqual(a.get("/-/healthy").status, 200)
                    took.append(time.monotonic() - began)
                statuses = {g.result().status for g in guesses}
            self.assertLessEqual(statuses, {401, 503})
            self.assertLess(sorted(took)[10], 0.5)

    def test_the_refusal_has_the_words_of_prometheus(self):
        with WebAgent(USERS, headers=authorization("secret")) as a:
            for path in ("/-/healthy", "/api/v1/query?query=1", "/no/such/path"):
                answer = a.request("GET", path, headers={})
                self.assertEqual((answer.status, answer.text), (401, "Unauthorized\n"))
                self.assertEqual(answer.getheader("WWW-Authenticate"), "Basic")
                self.assertEqual(answer.getheader("Content-Type"), "text/plain; charset=utf-8")
                self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")

    @unittest.skipUnless(PROMETHEUS, "no Prometheus here")
    def test_prometheus_answers_the_same(self):
        web = USERS + "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
        with WebAgent(web, headers=authorization("secret")) as a:
            port = free_port()
            real = subprocess.Popen([PROMETHEUS, "--config.file=" + a.config_path, "--web.config.file=" + a.web,
                                     "--storage.tsdb.path=" + a.folder.name + "/real",
                                     "--web.listen-address=127.0.0.1:%d" % port], stderr=subprocess.DEVNULL)
            self.addCleanup(real.wait)
            self.addCleanup(real.terminate)

            def ask(at, headers):
                connection = agent.http.client.HTTPConnection("127.0.0.1", at, timeout=20)
                try:
                    connection.request("GET", "/-/healthy", headers=headers)
                    answer = connection.getresponse()
                    kept = {k.lower(): v for k, v in answer.getheaders() if k.lower() not in ("date", "vary")}
                    return answer.status, answer.read(), kept
                finally:
                    connection.close()
            a.until(lambda: ask(port, {})[0] == 401, "Prometheus listens", 60)
            for headers in ({}, authorization("wrong"), authorization("secret", "eve"), {"Authorization": "Basic !"}):
                self.assertEqual(ask(port, headers), ask(a.port, headers))
            status, _, kept = ask(port, authorization("secret"))
            ours, _, our_kept = ask(a.port, authorization("secret"))
            self.assertEqual((status, kept["x-frame-options"]), (ours, our_kept["x-frame-options"]))

    def test_the_file_is_followed_without_a_reload(self):
        with WebAgent("", headers={}) as a:
            a.write_web(USERS)
            a.until(lambda: a.get("/-/ready").status == 401, "the password is asked for")
            a.write_web("basic_auth_users:\n  ada: no-hash\n")
            a.until(lambda: "the last good one stays" in a.log(), "the bad file is logged")
            self.assertEqual(a.get("/-/ready").status, 401)
            self.assertNotIn("no-hash", a.log())
            a.write_web("")
            a.until(lambda: a.get("/-/ready").status == 200, "the door is open again")

    def ask_as(self, user, data):
        """What the control socket answers to a process of that user."""
        folder = os.stat(data)
        script = ("import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0narthex-control/%x-%x'); "
                  "s.settimeout(5); s.sendall(b'hello\\n'); import sys; sys.stdout.buffer.write(s.recv(100))"
                  % (folder.st_dev, folder.st_ino))
        other = {"user": user} if user != os.getuid() else {}
        return subprocess.run(["/usr/bin/python3", "-c", script], stdout=subprocess.PIPE, **other, timeout=20, check=False).stdout

    def test_reload_needs_neither_password_nor_lifecycle(self):
        with WebAgent(USERS, headers=authorization("secret")) as a:
            good = agent.run_to_end("reload", "--wait", "--data", a.data)
            self.assertEqual((good.returncode, good.stdout), (0, "reloaded\n"))
            a.write_config("nonsense: 1\n")
            bad = agent.run_to_end("reload", "--wait", "--data", a.data)
            self.assertEqual(bad.returncode, 1)
            self.assertIn('unknown key "nonsense"', bad.stderr)
            self.assertEqual(self.ask_as(os.getuid(), a.data), b"error unknown command; expected reload or status")
            if os.getuid() == 0:
                self.assertEqual(self.ask_as(65534, a.data), b"")
        gone = agent.run_to_end("reload", "--wait", "--data", a.data)
        self.assertEqual(gone.returncode, 4)


class Tls(unittest.TestCase):
    def test_a_browser_and_curl_are_served(self):
        headers = "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=1\n"
        with WebAgent(TLS + headers, secure=True) as a:
            answer = a.get("/")
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.getheader("Strict-Transport-Security"), "max-age=1")
            self.assertIn("default-src 'none'", answer.getheader("Content-Security-Policy"))
            curl = subprocess.run(["curl", "-sS", "--cacert", os.path.join(a.folder.name, "cert.pem"),
                                   "https://127.0.0.1:%d/-/ready" % a.port], capture_output=True, text=True)
            self.assertIn("Ready", curl.stdout, curl.stderr)

    def test_old_versions_are_refused(self):
        with WebAgent(TLS, secure=True) as a:
            def shakes(version):
                done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % a.port, "-" + version,
                                       "-cipher", "DEFAULT@SECLEVEL=0"], input="", capture_output=True, text=True)
                return "Cipher is (NONE)" not in done.stdout
            self.assertTrue(shakes("tls1_2"))
            self.assertTrue(shakes("tls1_3"))
            self.assertFalse(shakes("tls1_1"))

    def test_a_renewed_certificate_needs_no_restart(self):
        with WebAgent(TLS, secure=True) as a:
            old = a.trust()
            make_certificate(a.folder.name, "next")
            for end in (".key", ".pem"):
                os.rename(os.path.join(a.folder.name, "next" + end), os.path.join(a.folder.name, "cert" + end))
            self.assertEqual(a.get("/-/ready").status, 200)
            with self.assertRaises(ssl.SSLError):
                a.request("GET", "/-/ready", trust=old)

    def test_slow_and_silent_clients_disturb_nobody(self):
        with WebAgent(TLS, secure=True) as a:
            idle = [socket.create_connection(("127.0.0.1", a.port)) for _ in range(200)]
            for i, one in enumerate(idle):
                if i % 2:
                    one.sendall(b"\x16\x03\x01\x02\x00\x01")
            began = time.monotonic()
            self.assertEqual(a.get("/-/healthy").status, 200)
            self.assertLess(time.monotonic() - began, 2)
            for one in idle:
                one.close()
            a.until(lambda: a.metric("narthex_http_tls_handshake_failures_total") >= 200, "all are noticed")

    def test_a_bad_certificate_keeps_it_from_starting(self):
        a = WebAgent(TLS, secure=True)
        with open(os.path.join(a.folder.name, "cert.key"), "w") as out:
            out.write("nonsense")
        done = agent.run_to_end("serve", "--config", a.config_path, "--data", a.data, "--web.config.file", a.web,
                                "--listen", "127.0.0.1:0")
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stderr, r"web\.yml:2:3: the server's key: ")
        a.folder.cleanup()


class Tools(unittest.TestCase):
    def test_the_verbs_speak_tls_and_know_passwords(self):
        with WebAgent(TLS + USERS, secure=True, headers=authorization("secret")) as a:
            url = "https://127.0.0.1:%d" % a.port
            ca = os.path.join(a.folder.name, "cert.pem")
            how = os.path.join(a.folder.name, "http.yml")
            with open(how, "w") as out:
                out.write("basic_auth:\n  username: ada\n  password: secret\n")
            good = agent.run_to_end("query", "instant", "1+1", "--url", url, "--ca-file", ca,
                                    "--http.config.file", how)
            self.assertEqual(good.returncode, 0, good.stderr)
            self.assertIn("2", good.stdout)
            with open(how, "a") as out:
                out.write("tls_config:\n  ca_file: cert.pem\n")
            ready = agent.run_to_end("check", "ready", "--url", url, "--http.config.file", how)
            self.assertEqual(ready.returncode, 0, ready.stderr)
            stranger = agent.run_to_end("query", "instant", "1", "--url", url)
            self.assertEqual(stranger.returncode, 4)
            self.assertIn("certificate", stranger.stderr)
            nobody = agent.run_to_end("query", "instant", "1", "--url", url, "--ca-file", ca)
            self.assertEqual(nobody.returncode, 1)
            self.assertIn("401", nobody.stderr)
            with open(how, "w") as out:
                out.write("basic_auth:\n  user: ada\n")
            bad = agent.run_to_end("query", "instant", "1", "--url", url, "--http.config.file", how)
            self.assertEqual(bad.returncode, 2)
            self.assertIn("http.yml:2:3", bad.stderr)

    def test_the_embedded_default_reads_itself_behind_a_password(self):
        with WebAgent(TLS + USERS, secure=True, headers=authorization("secret"), config=None) as a:
            urls = {t["scrapeUrl"] for t in a.api("targets")["activeTargets"]}
            self.assertEqual(urls, {"exporter://self", "exporter://node"})


class Check(unittest.TestCase):
    def test_good_and_bad_files(self):
        a = WebAgent(TLS + USERS)
        good = agent.run_to_end("check", "web-config", a.web)
        self.assertEqual((good.returncode, good.stdout), (0, a.web + " SUCCESS\n"))
        a.write_web("basic_auth_users:\n  ada: hunter2\nhttp_server_config:\n  headers:\n    X-Frame-Option: deny\n")
        bad = agent.run_to_end("check", "web-config", a.web)
        self.assertEqual(bad.returncode, 3)
        self.assertIn("web.yml:2:8: the password of \"ada\" is not a bcrypt hash", bad.stderr)
        self.assertIn('web.yml:5:5: HTTP header "X-Frame-Option" can not be configured', bad.stderr)
        self.assertIn('did you mean "X-Frame-Options"?', bad.stderr)
        self.assertNotIn("hunter2", bad.stderr)
        a.folder.cleanup()


if __name__ == "__main__":
    agent.main()
