# SPDX-License-Identifier: Apache-2.0
"""Secrets of the configuration show nowhere: no endpoint, no log line, no event, no error, no tool."""
import http.client
import socket
import unittest

import agent

# Every place where a secret may stand, each with a secret of its own. Nothing listens at port 1: what fails is told,
# and what is told must not hold them.
CONFIG = """
[global]
scrape_interval = "1s"

[[scrape_configs]]
job_name = "basic"
basic_auth = { username = "ada", password = "planted-01" }
static_configs = [{ targets = ["127.0.0.1:1"] }]

[[scrape_configs]]
job_name = "bearer"
authorization = { credentials = "planted-02" }
proxy_url = "http://ada:planted-03@127.0.0.1:1"
static_configs = [{ targets = ["127.0.0.1:1"] }]

[[scrape_configs]]
job_name = "oauth2"
static_configs = [{ targets = ["127.0.0.1:1"] }]
[scrape_configs.oauth2]
client_id = "ada"
client_secret = "planted-04"
token_url = "http://127.0.0.1:1/token"
proxy_url = "http://ada:planted-05@127.0.0.1:1"

[[scrape_configs]]
job_name = "headers"
static_configs = [{ targets = ["127.0.0.1:1"] }]
[scrape_configs.http_headers.X-Token]
secrets = ["planted-06"]

[[scrape_configs]]
job_name = "discovered"
[[scrape_configs.http_sd_configs]]
url = "http://ada:planted-07@127.0.0.1:1/targets"
refresh_interval = "1s"
[[scrape_configs.http_sd_configs]]
url = "http://127.0.0.1:1/targets"
refresh_interval = "1s"
basic_auth = { username = "ada", password = "planted-08" }

[[remote_write]]
url = "http://ada:planted-09@127.0.0.1:1/write"
[[remote_write]]
url = "http://127.0.0.1:1/write"
basic_auth = { username = "ada", password = "planted-10" }

[[remote_read]]
url = "http://ada:planted-11@127.0.0.1:1/read"
[[remote_read]]
url = "http://127.0.0.1:1/read2"
authorization = { credentials = "planted-12" }
"""
PLANTED = ["planted-%02d" % i for i in range(1, 13)]
# Mistakes beside a secret, which a message might quote.
MISTAKES = [
    '[[scrape_configs]]\njob_name = "a"\nbasic_auth = { username = "b", password = "planted-01", passwort = "x" }\n',
    '[[scrape_configs]]\njob_name = "a"\nproxy_urls = "http://ada:planted-03@h"\n',
    '[[remote_write]]\nurl = "http://ada:planted-09@h/"\nbearer_token = "planted-02"\nauthorization = { credentials = "planted-12" }\n',
    '[http.basic_auth_users]\nada = "planted-01"\n',
    '[[scrape_configs]]\njob_name = "a"\nauthorization = { credentials = ["planted-02"] }\n',
]
PATHS = ["/", "/api/v1/status/config", "/api/v1/status/flags", "/api/v1/status/runtimeinfo", "/api/v1/status/plugins",
         "/api/v1/status/buildinfo", "/api/v1/status/tsdb", "/api/v1/status/queries", "/api/v1/targets",
         "/api/v1/targets?state=dropped", "/api/v1/scrape_pools", "/api/v1/targets/metadata", "/api/v1/metadata",
         "/api/v1/alertmanagers", "/api/v1/rules", "/api/v1/series?match[]={__name__!=''}", "/api/v1/labels",
         "/api/v1/query?query=up", "/federate?match[]={__name__!=''}", "/metrics", "/-/ready"]


class Secrets(unittest.TestCase):
    def shown(self, text, where):
        self.assertEqual([s for s in PLANTED if s in text], [], where)

    def events(self, a, seconds):
        """What the bus tells whoever listens, until it is silent for that long."""
        connection = http.client.HTTPConnection("127.0.0.1", a.port, timeout=seconds)
        connection.request("GET", "/api/v1/status/events?retained=true")
        answer = connection.getresponse()
        text = b""
        try:
            while len(text) < 200_000:
                piece = answer.read1(65536)
                if not piece:
                    break
                text += piece
                if text.count(b"config.rejected") >= len(MISTAKES):
                    break
        except (socket.timeout, TimeoutError):
            pass
        finally:
            connection.close()
        return text.decode("utf-8", "replace")

    def test_no_output_of_a_running_agent_shows_one(self):
        with agent.Agent(CONFIG, arguments=["--log.level=debug", "--web.enable-lifecycle"]) as a:
            a.until(lambda: all(t["lastError"] for t in a.api("targets")["activeTargets"]), "every target failed")
            a.until(lambda: "remote" in a.log() or "discovery" in a.log(), "the others failed, too")
            for path in PATHS:
                self.shown(a.get(path).text, path)
            self.shown(self.events(a, 0.5), "events")
            self.assertIn("<secret>", a.api("status/config")["yaml"])
            for text in MISTAKES:
                a.write_config(text)
                answer = a.post("/-/reload")
                self.assertEqual(answer.status, 500, text)
                self.shown(answer.text, text)
            self.shown(self.events(a, 0.5), "events of refused configurations")
            self.shown(a.log(), "log")
            self.shown(open("/proc/%d/cmdline" % a.process.pid).read(), "command line")

    def test_no_tool_shows_one(self):
        a = agent.Agent(CONFIG)
        for text in [CONFIG] + MISTAKES:
            a.write_config(text)
            for arguments in (["check", "config", a.config_path], ["doctor", "--config", a.config_path, "-o", "json"]):
                done = agent.run_to_end(*arguments, cwd=a.folder.name)
                self.shown(done.stdout + done.stderr, " ".join(arguments) + "\n" + text)
        done = agent.run_to_end("serve", "--config", a.config_path, "--data", a.data, "--listen", "127.0.0.1:0")
        self.assertEqual(done.returncode, 78)
        self.shown(done.stdout + done.stderr, "serve")
        a.folder.cleanup()


if __name__ == "__main__":
    agent.main()
