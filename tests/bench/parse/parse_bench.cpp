// SPDX-License-Identifier: Apache-2.0
// parse_bench.cpp - MB/s of the parsers for series that are known: delimiting, numbers and the
// comparison of each key with the expected one, as the scrape cache does it. Then for unknown ones.
// The same series in every format, then histograms; a text body of one's own may be given.
#include "plugins/protocol/openmetrics/openmetrics_parser.hpp"
#include "plugins/protocol/prometheus_protobuf/protobuf_parser.hpp"
#include "plugins/protocol/prometheus_text/text_parser.hpp"
#include "tests/bench/parse/write_bench.hpp"
#include "tests/support/metric_family.hpp"

#include <narthex/sdk/buffer.hpp>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace narthex {
namespace {

struct Bodies {
  std::string text, protobuf;
};

Bodies make_counters(int series) {
  std::mt19937 random(1);
  Bodies bodies;
  std::string& out = bodies.text;
  std::vector<test::Message> metrics;
  char number[40];
  for (int i = 0; i < series; ++i) {
    const std::string family = "node_disk_io_time_weighted_seconds_" + std::to_string(i / 20);
    if (i % 20 == 0) out += "# HELP " + family + " Some help.\n# TYPE " + family + " counter\n";
    out += family + "_total{device=\"nvme" + std::to_string(i % 20) +
           "n1\",mountpoint=\"/var/lib/containers\",mode=\"rw\"} ";
    switch (random() % 4) {
      case 0:
        std::snprintf(number, sizeof number, "%u", static_cast<unsigned>(random() % 100));
        break;
      case 1:
        std::snprintf(number, sizeof number, "%.2f", random() / 1e4);
        break;
      case 2:
        std::snprintf(number, sizeof number, "%.9e", random() * 1e3);
        break;
      default:
        std::snprintf(number, sizeof number, "%.17g", random() / 3.0);
    }
    (out += number) += '\n';
    metrics.push_back(test::Message()
                          .label("device", "nvme" + std::to_string(i % 20) + "n1")
                          .label("mountpoint", "/var/lib/containers")
                          .label("mode", "rw")
                          .part(3, test::Message().number(1, std::strtod(number, nullptr))));
    if (i % 20 != 19) continue;
    bodies.protobuf += test::family(family + "_total", test::kCounter, metrics, "Some help.");
    metrics.clear();
  }
  return bodies;
}

// Classic histograms of 12 buckets, and a native one beside each in protobuf where wanted.
Bodies make_histograms(int count, bool native) {
  static constexpr double kBounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  Bodies bodies;
  const std::string family = "prometheus_http_request_duration_seconds";
  bodies.text = "# TYPE " + family + " histogram\n";
  std::vector<test::Message> metrics;
  for (int i = 0; i < count; ++i) {
    const std::string labels = "code=\"200\",handler=\"/api/v1/query/" + std::to_string(i) + "\"";
    test::Message histogram;
    std::uint64_t seen = 0;
    for (const double bound : kBounds) {
      seen += static_cast<std::uint64_t>(i * 7 + 3);
      bodies.text += family + "_bucket{" + labels + ",le=\"" + sdk::format_label_number(bound) +
                     "\"} " + std::to_string(seen) + "\n";
      histogram.part(3, test::Message().varint(1, seen).number(2, bound));
    }
    bodies.text += family + "_bucket{" + labels + ",le=\"+Inf\"} " + std::to_string(seen) + "\n" +
                   family + "_sum{" + labels + "} 12.5\n" + family + "_count{" + labels + "} " +
                   std::to_string(seen) + "\n";
    histogram.varint(1, seen).number(2, 12.5);
    if (native) {
      const std::vector<std::int64_t> deltas = {1, 2,  -1, 3,  -2, 4,  -3, 1,
                                                2, -1, 3,  -2, 4,  -3, 1,  2};
      std::int64_t bucket = 0;
      std::uint64_t counted = 0;
      for (const std::int64_t delta : deltas)
        counted += static_cast<std::uint64_t>(bucket += delta);
      histogram.varint(1, counted).zigzag(5, 3).number(6, 1e-9).span(12, -20, 9).span(12, 3, 7);
      histogram.deltas(13, deltas);
    }
    metrics.push_back(test::Message()
                          .label("code", "200")
                          .label("handler", "/api/v1/query/" + std::to_string(i))
                          .part(7, histogram));
  }
  bodies.protobuf = test::family(family, test::kHistogram, metrics);
  return bodies;
}

struct Known {
  std::vector<std::string> keys;
  std::size_t next = 0;
  std::size_t matched = 0;
  bool learn = true;
};

nx_status on_rows(void* context, const nx_parsed* parsed) {
  auto& known = *static_cast<Known*>(context);
  for (std::uint64_t r = 0; r < parsed->batch->rows; ++r) {
    const std::string_view key = view(parsed->key[r]);
    if (known.learn) {
      known.keys.emplace_back(key);
    } else {
      known.matched += known.keys[known.next++] == key ? 1 : 0;
    }
  }
  return NX_OK;
}

template <class Parser>
void measure(const char* name, const std::string& text, std::uint32_t flags = 0) {
  const BufferRef body = make_buffer(text);
  typename Parser::Scratch scratch;
  nx_parse_opts options{};
  options.struct_size = sizeof options;
  options.flags = flags;
  options.max_rows = 1024;
  Known known;
  double best_s = 1e9;
  for (int round = 0; round < 200; ++round) {
    sdk::ParsedSink sink(&on_rows, &known);
    known.next = 0;
    const auto begin = std::chrono::steady_clock::now();
    const Status status = Parser::parse(scratch, *body.get(), options, sink);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (!status.ok()) std::printf("%s\n", status.message().c_str());
    if (!known.learn) best_s = std::min(best_s, took.count());
    known.learn = false;
  }
  std::vector<nx_str> keys;
  for (const std::string& key : known.keys) keys.push_back(to_nx(key));
  sdk::SeriesTable table;
  const auto begin = std::chrono::steady_clock::now();
  // Keys of ours are no slices of a body: only where errors would be told does that matter.
  table.clear();
  (void)Parser::labels(scratch, keys, table);
  const std::chrono::duration<double> labels = std::chrono::steady_clock::now() - begin;
  const double rows = static_cast<double>(keys.size());
  std::printf(
      "%-16s known: %7.0f MB/s %6.1f ns a sample; labels of unknown: %6.0f ns a series (%zu "
      "series, %.0f B a line)\n",
      name, static_cast<double>(text.size()) / best_s / 1e6, best_s * 1e9 / rows,
      labels.count() * 1e9 / rows, keys.size(), static_cast<double>(text.size()) / rows);
}

}  // namespace
}  // namespace narthex

int main(int argc, char** argv) {
  using narthex::measure;
  if (argc > 1) {
    std::ifstream file(argv[1]);
    const std::string body(std::istreambuf_iterator<char>(file), {});
    measure<narthex::prometheus_text::TextParser>("prometheus_text", body);
    measure<narthex::openmetrics::OpenMetricsParser>("openmetrics", body + "# EOF\n");
    return 0;
  }
  const auto both = [](const char* what, const narthex::Bodies& bodies) {
    std::printf("%s\n", what);
    measure<narthex::prometheus_text::TextParser>("prometheus_text", bodies.text);
    measure<narthex::openmetrics::OpenMetricsParser>("openmetrics", bodies.text + "# EOF\n");
    measure<narthex::prometheus_protobuf::ProtobufParser>("protobuf", bodies.protobuf);
  };
  both("counters", narthex::make_counters(2000));
  both("classic histograms", narthex::make_histograms(200, false));
  std::printf("classic histograms that become native ones\n");
  const narthex::Bodies classic = narthex::make_histograms(200, false);
  measure<narthex::prometheus_text::TextParser>("prometheus_text", classic.text, NX_PARSE_NHCB);
  measure<narthex::prometheus_protobuf::ProtobufParser>("protobuf", classic.protobuf,
                                                        NX_PARSE_NHCB);
  std::printf("native histograms of 16 buckets, with a classic one that is left out\n");
  measure<narthex::prometheus_protobuf::ProtobufParser>(
      "protobuf", narthex::make_histograms(200, true).protobuf);
  narthex::measure_remote_write();
}
