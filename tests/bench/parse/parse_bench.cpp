// SPDX-License-Identifier: Apache-2.0
// parse_bench.cpp - MB/s of the text parsers for series that are known: delimiting, numbers and the
// comparison of each key with the expected one, as the scrape cache does it. Then for unknown ones.
#include "plugins/protocol/openmetrics/openmetrics_parser.hpp"
#include "plugins/protocol/prometheus_text/text_parser.hpp"
#include "tests/bench/parse/write_bench.hpp"

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

std::string make_body(int series) {
  std::mt19937 random(1);
  std::string out;
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
  }
  return out;
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
void measure(const char* name, const std::string& text) {
  const BufferRef body = make_buffer(text);
  typename Parser::Scratch scratch;
  nx_parse_opts options{};
  options.struct_size = sizeof options;
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
  std::string body = narthex::make_body(2000);
  if (argc > 1) {
    std::ifstream file(argv[1]);
    body.assign(std::istreambuf_iterator<char>(file), {});
  }
  narthex::measure<narthex::prometheus_text::TextParser>("prometheus_text", body);
  narthex::measure<narthex::openmetrics::OpenMetricsParser>("openmetrics", body + "# EOF\n");
  narthex::measure_remote_write();
}
