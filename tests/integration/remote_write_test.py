# SPDX-License-Identifier: Apache-2.0
"""Remote write 1.0 into the real agent: what was acknowledged is there, what was not says why."""
import time
import unittest

import agent
import wire


class RemoteWrite(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = agent.Agent("[global]\n", arguments=["--web.enable-remote-write-receiver"]).start()
        cls.now = int(time.time()) * 1000

    @classmethod
    def tearDownClass(cls):
        cls.agent.__exit__()

    def write(self, *all_series, headers=wire.HEADERS):
        return self.agent.post("/api/v1/write", wire.snappy(b"".join(all_series)), headers)

    def count(self, name):
        values = self.agent.query("count_over_time(%s[1h])" % name, time=self.now / 1000 + 1)
        return [int(v) for v in values.values()]

    def test_what_is_written_is_there(self):
        samples = [(float(i), self.now - i * 1000) for i in range(10)]
        self.assertEqual(self.write(wire.series({"__name__": "a_metric", "x": "1"}, samples)).status, 204)
        self.assertEqual(self.count("a_metric"), [10])

    def test_samples_come_in_any_order(self):
        for offset in (5, 1, 9, 3):
            one = wire.series({"__name__": "any_order"}, [(float(offset), self.now - offset * 1000)])
            self.assertEqual(self.write(one).status, 204)
        self.assertEqual(self.count("any_order"), [4])

    def test_the_newest_time_with_another_value_is_400(self):
        series = {"__name__": "twice"}
        self.assertEqual(self.write(wire.series(series, [(1.0, self.now)])).status, 204)
        self.assertEqual(self.write(wire.series(series, [(1.0, self.now)])).status, 204)
        self.assertEqual(self.write(wire.series(series, [(2.0, self.now)])).status, 400)

    def test_the_good_part_of_a_bad_request_is_stored(self):
        answer = self.write(wire.series({"no": "name"}, [(1.0, self.now)]),
                            wire.series({"__name__": "good_part"}, [(1.0, self.now)]))
        self.assertEqual(answer.status, 400)
        self.assertTrue(answer.text.strip())
        self.assertEqual(self.count("good_part"), [1])

    def test_what_is_no_remote_write_is_refused(self):
        self.assertEqual(self.agent.post("/api/v1/write", b"garbage.....", wire.HEADERS).status, 400)
        text = dict(wire.HEADERS, **{"Content-Type": "text/plain"})
        self.assertEqual(self.write(headers=text).status, 415)

    def test_the_far_future_is_refused(self):
        late = wire.series({"__name__": "late"}, [(1.0, self.now + 3_600_000)])
        self.assertEqual(self.write(late).status, 400)


if __name__ == "__main__":
    agent.main()
