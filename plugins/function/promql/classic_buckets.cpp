// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/classic_buckets.hpp"

#include "plugins/function/promql/series_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>

namespace narthex::function_promql {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kBound = "le";
// Differences so small come from rounding, not from lost observations.
constexpr double kTinyDifference = 1e-12;

// Equal for equal labels, `le` aside where it is to be.
std::string signature(const nx_series_table& table, std::uint32_t series, bool without_bound) {
  std::string out;
  for (const nx_label& label : labels_of(table, series)) {
    if (without_bound && view(label.name) == kBound) continue;
    for (const nx_str& part : {label.name, label.value}) {
      out += std::to_string(view(part).size());
      out += ':';
      out += view(part);
    }
  }
  return out;
}

bool has_value(const nx_matrix& m, std::uint32_t series, bool histogram) {
  const std::uint64_t first = std::uint64_t{series} * m.step_count;
  for (std::uint64_t i = first; i < first + m.step_count; ++i) {
    if (m.present[i] != 0 && (m.h != nullptr && m.h[i] != nullptr) == histogram) return true;
  }
  return false;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// Counts within a relative rounding error of the one before become equal to it; then none may fall.
bool make_monotonic(std::span<ClassicBucket> buckets) {
  double before = buckets.front().count;
  for (ClassicBucket& bucket : buckets.subspan(1)) {
    const double difference = std::fabs(bucket.count - before);
    if (difference == 0) continue;
    if (difference / bucket.count <= kTinyDifference && bucket.count > 0) {
      bucket.count = before;
    } else {
      before = bucket.count;
    }
  }
  bool forced = false;
  double highest = buckets.front().count;
  for (ClassicBucket& bucket : buckets.subspan(1)) {
    if (bucket.count > highest) {
      highest = bucket.count;
    } else if (bucket.count < highest) {
      bucket.count = highest;
      forced = true;
    }
  }
  return forced;
}

std::span<ClassicBucket> merge_equal_bounds(std::span<ClassicBucket> buckets) {
  std::size_t kept = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper == buckets[kept].upper) {
      buckets[kept].count += buckets[i].count;
    } else {
      buckets[++kept] = buckets[i];
    }
  }
  return buckets.first(kept + 1);
}

// The rank of a value among the observations, as buckets are passed; never above total.
double rank_of(double v, std::span<const ClassicBucket> buckets, double total) {
  double before = 0;
  double lower = -kInf;
  for (const ClassicBucket& bucket : buckets) {
    if (lower >= v) return std::min(before, total);
    if (bucket.upper > v) {
      // In the first bucket, which has no lower bound, this is NaN, as it is in Prometheus 3.5.
      const double within = before + (bucket.count - before) * (v - lower) / (bucket.upper - lower);
      return std::min(within, total);
    }
    before = bucket.count;
    lower = bucket.upper;
  }
  return total;
}

}  // namespace

bool parse_bound(std::string_view text, double& out) {
  std::string_view digits = text;
  double sign = 1;
  if (!digits.empty() && (digits.front() == '+' || digits.front() == '-')) {
    sign = digits.front() == '-' ? -1 : 1;
    digits.remove_prefix(1);
  }
  if (equals_ignoring_case(digits, "inf") || equals_ignoring_case(digits, "infinity")) {
    out = sign * kInf;
    return true;
  }
  if (equals_ignoring_case(text, "nan")) {
    out = kNan;
    return true;
  }
  const bool hex = digits.size() > 2 && digits[0] == '0' && (digits[1] | 0x20) == 'x';
  if (hex) digits.remove_prefix(2);
  const bool starts_well =
      !digits.empty() &&
      (digits.front() == '.' || std::isxdigit(static_cast<unsigned char>(digits.front())) != 0);
  if (!starts_well) return false;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out,
                      hex ? std::chars_format::hex : std::chars_format::general);
  out *= sign;
  return error == std::errc() && end == digits.data() + digits.size();
}

HistogramVector group_histograms(const nx_matrix& m) {
  HistogramVector out;
  std::unordered_map<std::string, std::size_t> known;
  for (std::uint32_t s = 0; s < m.series_count; ++s) {
    if (!has_value(m, s, false)) continue;
    double upper = 0;
    if (!parse_bound(label_of(*m.labels, s, kBound), upper)) {
      out.without_bound.push_back(s);
      continue;
    }
    const auto [at, is_new] = known.try_emplace(signature(*m.labels, s, true), out.all.size());
    if (is_new) out.all.push_back({s, true, {}, NX_NONE});
    out.all[at->second].members.push_back({upper, s});
  }
  for (HistogramSeries& series : out.all) {
    std::stable_sort(series.members.begin(), series.members.end(),
                     [](const auto& a, const auto& b) {
                       return std::isnan(a.upper) ? !std::isnan(b.upper) : a.upper < b.upper;
                     });
  }
  for (std::uint32_t s = 0; m.h != nullptr && s < m.series_count; ++s) {
    if (!has_value(m, s, true)) continue;
    const auto at = known.find(signature(*m.labels, s, false));
    if (at != known.end()) {
      out.all[at->second].native = s;
    } else {
      out.all.push_back({s, false, {}, s});
    }
  }
  return out;
}

ClassicQuantile classic_quantile(double q, std::span<ClassicBucket> buckets) {
  if (std::isnan(q)) return {kNan};
  if (q < 0) return {-kInf};
  if (q > 1) return {kInf};
  if (buckets.back().upper != kInf) return {kNan};
  buckets = merge_equal_bounds(buckets);
  const bool forced = make_monotonic(buckets);
  if (buckets.size() < 2 || buckets.back().count == 0) return {kNan};
  double rank = q * buckets.back().count;
  std::size_t at = 0;
  while (at + 1 < buckets.size() && !(buckets[at].count >= rank)) ++at;
  if (at + 1 == buckets.size()) return {buckets[at - 1].upper, forced};
  if (at == 0 && buckets[0].upper <= 0) return {buckets[0].upper, forced};
  double lower = 0;
  double count = buckets[at].count;
  if (at > 0) {
    lower = buckets[at - 1].upper;
    count -= buckets[at - 1].count;
    rank -= buckets[at - 1].count;
  }
  return {lower + (buckets[at].upper - lower) * (rank / count), forced};
}

double classic_fraction(double lower, double upper, std::span<ClassicBucket> buckets) {
  if (buckets.back().upper != kInf) return kNan;
  buckets = merge_equal_bounds(buckets);
  const double total = buckets.back().count;
  if (total == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (lower >= upper) return 0;
  return (rank_of(upper, buckets, total) - rank_of(lower, buckets, total)) / total;
}

}  // namespace narthex::function_promql
