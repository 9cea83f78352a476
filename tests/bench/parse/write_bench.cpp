// SPDX-License-Identifier: Apache-2.0
// write_bench.cpp - ns a sample of remote write requests whose series are known: parsing into
// columns, a key a series, and the look into the cache. What the storage does is not in it.
#include "plugins/ingest/remote_write/write_request.hpp"
#include "plugins/ingest/remote_write/write_request_v2.hpp"
#include "tests/bench/parse/write_bench.hpp"
#include "tests/support/write_message_v2.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace narthex {
namespace {

using ingest::remote_write::KnownSeries;
using ingest::remote_write::RequestMessage;
using ingest::remote_write::SeriesCache;
using ingest::remote_write::SeriesKey;
using ingest::remote_write::WriteRequest;
using ingest::remote_write::WriteRequestV2;

constexpr std::int64_t kTime = 1'700'000'000'000;

test::TextPairs labels_of(int i) {
  return {{"__name__", "node_network_receive_bytes_total"},
          {"device", "eth" + std::to_string(i % 40)},
          {"instance", "host-" + std::to_string(i / 40) + ".example.org:9100"},
          {"job", "node"},
          {"region", "eu-west-1"},
          {"team", "infrastructure"}};
}

std::string body_v1(int series, int samples) {
  std::string out;
  for (int i = 0; i < series; ++i) {
    test::SeriesMessage message;
    for (const auto& [name, value] : labels_of(i)) message.label(name, value);
    for (int k = 0; k < samples; ++k) message.sample(i * 1.5 + k, kTime + k * 15'000);
    out += message.in_request();
  }
  return out;
}

std::string body_v2(int series, int samples, bool metadata) {
  test::RequestV2 request;
  for (int i = 0; i < series; ++i) {
    test::RequestV2::Series& one = request.series(labels_of(i));
    for (int k = 0; k < samples; ++k) one.sample(i * 1.5 + k, kTime + k * 15'000);
    if (metadata) one.metadata(NX_TYPE_COUNTER, "Bytes received by a device.", "bytes");
  }
  return request.body();
}

void measure_request(const char* name, RequestMessage& request, const std::string& body) {
  SeriesCache cache(1 << 20);
  std::vector<SeriesKey> keys;
  std::vector<KnownSeries> found;
  double best_s = 1e9;
  std::uint64_t known = 0;
  for (int round = 0; round < 300; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    (void)request.parse(body);
    keys.resize(request.columns.series.size());
    found.resize(keys.size());
    request.make_keys(keys);
    cache.find(keys, found);
    std::uint64_t stamps = 0;
    for (std::uint32_t i = 0; i < keys.size(); ++i) stamps += request.metadata_of(i).stamp;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    known = stamps;
    for (const auto& each : found) known += each.ref != 0 ? 1 : 0;
    if (round != 0) best_s = std::min(best_s, took.count());
    if (round == 0) {
      for (std::size_t i = 0; i < keys.size(); ++i) {
        cache.put(keys[i], {i + 1});
      }
    }
  }
  const double rows = static_cast<double>(request.columns.rows());
  std::printf("%-26s %7.1f ns a sample, %6.1f ns a series, %5.1f B a sample (%zu series%s)\n", name,
              best_s * 1e9 / rows, best_s * 1e9 / static_cast<double>(keys.size()),
              static_cast<double>(body.size()) / rows, keys.size(), known == 0 ? ", lost" : "");
}

}  // namespace

void measure_remote_write() {
  WriteRequest v1;
  WriteRequestV2 v2;
  for (const int samples : {1, 20}) {
    const std::string how = std::to_string(samples) + (samples == 1 ? " sample" : " samples");
    const int series = 2000 / samples;
    measure_request(("remote write 1.0, " + how).c_str(), v1, body_v1(series, samples));
    measure_request(("remote write 2.0, " + how).c_str(), v2, body_v2(series, samples, false));
    measure_request("  with metadata", v2, body_v2(series, samples, true));
  }
}

}  // namespace narthex
