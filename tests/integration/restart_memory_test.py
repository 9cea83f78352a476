# SPDX-License-Identifier: Apache-2.0
"""A restart after kill -9 needs hardly more memory than running did: else a host that is short of it never comes back."""
import signal
import time
import unittest

import agent
import wire

SERIES = 50_000
REQUESTS = 10


def most_resident_mib(process):
    with open("/proc/%d/status" % process.pid) as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


class RestartMemory(unittest.TestCase):
    def test_a_restart_needs_no_more_than_running(self):
        now = int(time.time()) * 1000
        with agent.Agent("[global]\n", arguments=["--web.enable-remote-write-receiver"]) as server:
            for k in range(5):
                for first in range(0, SERIES, SERIES // REQUESTS):
                    body = b"".join(wire.series({"__name__": "replay", "i": str(i), "job": "j%d" % (i % 50),
                                                 "path": "/api/%d/x" % (i % 997)}, [(float(i + k), now - 60_000 + k * 10_000)])
                                    for i in range(first, first + SERIES // REQUESTS))
                    self.assertEqual(server.post("/api/v1/write", wire.snappy(body), wire.HEADERS).status, 204)
            running = most_resident_mib(server.process)
            server.stop(signal.SIGKILL)
            server.process.stderr.close()
            server.start()
            starting = most_resident_mib(server.process)
            self.assertEqual(server.query("sum(count_over_time(replay[1h]))", time=now / 1000), {(): "250000"})
            self.assertLessEqual(starting, 1.1 * running)


if __name__ == "__main__":
    agent.main()
