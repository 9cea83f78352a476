# SPDX-License-Identifier: Apache-2.0
"""OTLP metrics into the real agent: off until asked for, then as its otlp section says."""
import gzip
import json
import time
import unittest

import agent

JSON = {"Content-Type": "application/json"}
CONFIG = """
[otlp]
promote_resource_attributes = ["host.name"]
"""


def request(now_s, value=7):
    attributes = [{"key": k, "value": {"stringValue": v}} for k, v in
                  (("service.name", "shop"), ("service.instance.id", "i1"), ("host.name", "h1"))]
    point = {"timeUnixNano": str(now_s * 10**9), "startTimeUnixNano": str((now_s - 60) * 10**9), "asInt": str(value)}
    metric = {"name": "orders.placed", "unit": "{order}",
              "sum": {"isMonotonic": True, "aggregationTemporality": 2, "dataPoints": [point]}}
    return json.dumps({"resourceMetrics": [{"resource": {"attributes": attributes},
                                            "scopeMetrics": [{"metrics": [metric]}]}]}).encode()


class Otlp(unittest.TestCase):
    def test_it_is_off_until_asked_for(self):
        with agent.Agent("[global]\n") as plain:
            self.assertEqual(plain.post("/api/v1/otlp/v1/metrics", b"{}", JSON).status, 404)

    def test_what_is_sent_is_there(self):
        with agent.Agent(CONFIG, arguments=["--web.enable-otlp-receiver"]) as receiver:
            now = int(time.time())
            self.assertEqual(receiver.post("/api/v1/otlp/v1/metrics", request(now), JSON).status, 200)
            packed = dict(JSON, **{"Content-Encoding": "gzip"})
            body = gzip.compress(request(now + 1, 9))
            self.assertEqual(receiver.post("/api/v1/otlp/v1/metrics", body, packed).status, 200)
            found = receiver.query("orders_placed_total", time=now + 1)
            self.assertEqual(found, {(("__name__", "orders_placed_total"), ("host_name", "h1"),
                                      ("instance", "i1"), ("job", "shop")): "9"})
            info = receiver.query("target_info", time=now + 1)
            self.assertEqual([dict(labels)["host_name"] for labels in info], ["h1"])
            self.assertEqual(receiver.api("status/flags")["web.enable-otlp-receiver"], "true")

    def test_deltas_need_their_feature(self):
        body = request(int(time.time())).replace(b'"aggregationTemporality": 2', b'"aggregationTemporality": 1')
        with agent.Agent("[global]\n", arguments=["--web.enable-otlp-receiver"]) as receiver:
            answer = receiver.post("/api/v1/otlp/v1/metrics", body, JSON)
            self.assertEqual(answer.status, 200)
            self.assertEqual(json.loads(answer.text)["partialSuccess"]["rejectedDataPoints"], "1")
        with agent.Agent("[global]\n", arguments=["--web.enable-otlp-receiver",
                                                  "--enable-feature=otlp-deltatocumulative"]) as receiver:
            self.assertEqual(receiver.post("/api/v1/otlp/v1/metrics", body, JSON).text, "{}")


if __name__ == "__main__":
    agent.main()
