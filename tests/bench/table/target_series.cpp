// SPDX-License-Identifier: Apache-2.0
#include "target_series.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <span>

namespace narthex::storage::partition {
namespace {

using Random = std::mt19937_64;

double part(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }
double bell(Random& random) { return part(random) + part(random) + part(random) - 1.5; }

// What a series does from one sample to the next: `level` is its state.
enum class Kind { kCpu, kBytes, kSlow, kIdle, kNanoseconds, kPages, kSmall, kRare, kNoise };

double step(Kind kind, double rate, double& level, Random& random) {
  const double grown = rate * 15 * (0.5 + part(random));
  switch (kind) {
    case Kind::kCpu:
      level += std::floor(grown * 100);
      return level / 100;
    case Kind::kBytes:
      level += std::floor(grown * 1000);
      return level;
    case Kind::kSlow:
      level += std::floor(grown + part(random));
      return level;
    case Kind::kIdle:
      if (part(random) < rate) level += 1;
      return level;
    case Kind::kNanoseconds:
      level += std::floor(grown * 1e9);
      return level / 1e9;
    case Kind::kPages:
      if (part(random) < rate) level = std::max(100.0, level + std::floor(400 * bell(random)));
      return level * 4096;
    case Kind::kSmall:
      if (part(random) < rate) level = std::max(0.0, level + std::round(2 * bell(random)));
      return level;
    case Kind::kRare:
      if (part(random) < rate / 10) level -= std::floor(part(random) * 256);
      return level * 4096;
    default:
      if (part(random) < rate) level = 10 + bell(random);
      return level;
  }
}

struct Family {
  const char* name;
  Kind kind;
  unsigned count;
  double rate;
  double level;
};

constexpr std::array kFamilies = {
    Family{"node_cpu_seconds_total", Kind::kCpu, 70, 0.1, 4e6},
    Family{"node_network_receive_bytes_total", Kind::kBytes, 80, 60, 1e9},
    Family{"http_requests_total", Kind::kSlow, 90, 2, 1e5},
    Family{"node_network_receive_errs_total", Kind::kIdle, 200, 0.002, 40},
    Family{"container_cpu_usage_seconds_total", Kind::kNanoseconds, 60, 0.02, 3e13},
    Family{"container_memory_rss", Kind::kPages, 110, 0.4, 1e5},
    Family{"go_goroutines", Kind::kSmall, 95, 0.2, 60},
    Family{"node_filesystem_avail_bytes", Kind::kRare, 60, 0.3, 1e7},
    Family{"rpc_duration_seconds", Kind::kNoise, 35, 0.6, 10},
    Family{"kube_pod_info", Kind::kIdle, 102, 0, 1}};

std::vector<std::pair<std::string, std::string>> labels_of(const std::string& name,
                                                           unsigned target) {
  return {{"__name__", name},
          {"instance",
           "10.0." + std::to_string(target / 250) + "." + std::to_string(target % 250) + ":9100"},
          {"job", "node"}};
}

void add_family(const Family& family, unsigned target, std::size_t rows, Random& random,
                std::vector<TargetSeries>& out) {
  for (unsigned s = 0; s < family.count; ++s) {
    TargetSeries& series = out.emplace_back();
    series.labels = labels_of(family.name, target);
    series.labels.emplace_back("unit", "u" + std::to_string(s));
    double level = std::floor(family.level * (0.5 + part(random)));
    const double rate = family.rate / (1 + s % 5);
    series.values.reserve(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      series.values.push_back(step(family.kind, rate, level, random));
    }
  }
}

constexpr std::array kBounds = {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                "0.5",   "1",    "2.5",   "5",    "10",  "+Inf"};

// One observation lands in a bucket and in all above it.
void fill_histogram(std::span<TargetSeries> series, std::size_t rows, double rate, Random& random) {
  std::array<double, kBounds.size()> counts{};
  double sum = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto events = static_cast<int>(rate * 15 * (0.5 + part(random)));
    for (int e = 0; e < events; ++e) {
      const double seconds = -0.08 * std::log(1 - part(random));
      sum += seconds;
      for (std::size_t b = 0; b < counts.size(); ++b) {
        if (b + 1 == counts.size() || seconds <= std::strtod(kBounds[b], nullptr)) ++counts[b];
      }
    }
    for (std::size_t b = 0; b < counts.size(); ++b) series[b].values.push_back(counts[b]);
    series[counts.size()].values.push_back(counts.back());
    series[counts.size() + 1].values.push_back(sum);
  }
}

void add_histogram(unsigned handler, unsigned target, std::size_t rows, Random& random,
                   std::vector<TargetSeries>& out) {
  const std::size_t first = out.size();
  const std::string name = "http_request_duration_seconds";
  const std::pair<std::string, std::string> of{"handler", "/api/" + std::to_string(handler)};
  for (const char* bound : kBounds) {
    TargetSeries& series = out.emplace_back();
    series.labels = labels_of(name + "_bucket", target);
    series.labels.insert(series.labels.begin() + 1, of);
    series.labels.emplace_back("le", bound);
  }
  for (const char* suffix : {"_count", "_sum"}) {
    TargetSeries& series = out.emplace_back();
    series.labels = labels_of(name + suffix, target);
    series.labels.insert(series.labels.begin() + 1, of);
  }
  fill_histogram(std::span(out).subspan(first), rows, 4.0 / (1 + handler), random);
}

}  // namespace

std::vector<TargetSeries> make_target(unsigned target, std::size_t rows) {
  Random random(target + 1);
  std::vector<TargetSeries> out;
  for (const Family& family : kFamilies) add_family(family, target, rows, random, out);
  for (unsigned handler = 0; handler < 7; ++handler) {
    add_histogram(handler, target, rows, random, out);
  }
  return out;
}

}  // namespace narthex::storage::partition
