# SPDX-License-Identifier: Apache-2.0
"""OpenTelemetry's own SDK for Node sends to the agent, in protobuf and in JSON: both arrive as the same series."""
import os
import subprocess
import unittest

import agent
import peers

# Arguments: which exporter, and its URL.
SENDER = """
const {MeterProvider, PeriodicExportingMetricReader, AggregationType, AggregationTemporality} =
  require('@opentelemetry/sdk-metrics');
const {resourceFromAttributes} = require('@opentelemetry/resources');
const {OTLPMetricExporter} = require('@opentelemetry/exporter-metrics-otlp-' + process.argv[2]);
const reader = new PeriodicExportingMetricReader({exportIntervalMillis: 3600000, exporter: new OTLPMetricExporter(
  {url: process.argv[3], temporalityPreference: AggregationTemporality.CUMULATIVE})});
const provider = new MeterProvider({readers: [reader],
  resource: resourceFromAttributes({'service.name': 'shop', 'service.namespace': 'oslo', 'service.instance.id': process.argv[2],
                                    'host.name': 'h1', list: ['a', 'b']}),
  views: [{instrumentName: 'exact', aggregation: {type: AggregationType.EXPONENTIAL_HISTOGRAM}},
          {instrumentName: 'took', aggregation: {type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
                                                 options: {boundaries: [1, 2.5, 10]}}}]});
const meter = provider.getMeter('scope', '1.2');
const orders = meter.createCounter('orders.placed', {unit: '{order}', description: 'Orders "placed"'});
orders.add(3, {kind: 'new'}); orders.add(4, {kind: 'new'}); orders.add(1, {kind: 'd\\u00e9j\\u00e0', flag: true, n: 7});
meter.createUpDownCounter('in.flight').add(-2);
meter.createObservableGauge('heat', {unit: 'Cel'}).addCallback(r => r.observe(-1.25, {room: 'a'}));
const took = meter.createHistogram('took', {unit: 's'});
for (const v of [0.5, 2, 2.5, 50]) took.record(v);
const exact = meter.createHistogram('exact', {unit: 'By'});
for (const v of [1, 2, 4, 0, 1000]) exact.record(v);
provider.shutdown().catch(e => { console.error(e); process.exit(1); });
"""


def has_sdk():
    need = "require.resolve('@opentelemetry/sdk-metrics'); require.resolve('@opentelemetry/exporter-metrics-otlp-proto')"
    node = peers.shutil.which("node")
    return node is not None and subprocess.run([node, "-e", need], capture_output=True).returncode == 0


@unittest.skipUnless(has_sdk(), "there is no OpenTelemetry SDK for Node (NODE_PATH)")
class NodeSdk(unittest.TestCase):
    maxDiff = None

    def send(self, receiver, exporter):
        """{series without its instance: value or histogram} of what the SDK sent by one exporter."""
        script = os.path.join(receiver.folder.name, "send.js")
        with open(script, "w") as out:
            out.write(SENDER)
        url = "http://127.0.0.1:%d/api/v1/otlp/v1/metrics" % receiver.port
        ended = subprocess.run(["node", script, exporter, url], capture_output=True, text=True, timeout=60)
        self.assertEqual((ended.returncode, ended.stdout + ended.stderr), (0, ""))
        found = receiver.api("query", query='{instance="%s"}' % exporter)["result"]
        return {tuple(sorted((k, v) for k, v in s["metric"].items() if k != "instance")):
                s["value"][1] if "value" in s else s["histogram"][1] for s in found}

    def test_protobuf_and_json_arrive_alike(self):
        flags = ["--web.enable-otlp-receiver", "--enable-feature=native-histograms"]
        with agent.Agent("global: {}\n", "prometheus.yml", flags) as receiver:
            by_proto, by_json = self.send(receiver, "proto"), self.send(receiver, "http")
        self.assertEqual(by_proto, by_json)
        plain = {}
        for labels, value in by_proto.items():
            rest = dict(labels)
            self.assertEqual(rest.pop("job"), "oslo/shop")
            plain[rest.pop("__name__"), tuple(sorted(rest.items()))] = value
        native = plain.pop(("exact_bytes", ()))
        self.assertEqual((native["count"], native["sum"]), ("5", "1007"))
        self.assertEqual(plain, {
            ("orders_placed_total", (("kind", "new"),)): "7",
            ("orders_placed_total", (("flag", "true"), ("kind", "d\u00e9j\u00e0"), ("n", "7"))): "1",
            ("in_flight", ()): "-2",
            ("heat_celsius", (("room", "a"),)): "-1.25",
            ("took_seconds_bucket", (("le", "1"),)): "1", ("took_seconds_bucket", (("le", "2.5"),)): "3",
            ("took_seconds_bucket", (("le", "10"),)): "3", ("took_seconds_bucket", (("le", "+Inf"),)): "4",
            ("took_seconds_sum", ()): "55", ("took_seconds_count", ()): "4",
            ("target_info", (("host_name", "h1"), ("list", '["a","b"]'))): "1"})


if __name__ == "__main__":
    agent.main()
