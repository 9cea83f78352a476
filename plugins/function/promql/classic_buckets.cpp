// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/classic_buckets.hpp"

#include "plugins/function/promql/pace.hpp"
#include "plugins/function/promql/series_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>

namespace narthex::function_promql {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kBound = "le";
// Differences so small come from rounding, not from lost observations.
constexpr double kTinyDifference = 1e-12;

// The labels of a series, `le` aside where it is to be, one by one.
class LabelWalk {
 public:
  LabelWalk(const nx_series_table& table, std::uint32_t series, bool without_bound)
      : table_(table),
        at_(table.label_off[series]),
        end_(table.label_off[series + 1]),
        without_bound_(without_bound) {
    skip();
  }
  bool done() const { return at_ == end_; }
  std::string_view name() const { return view(table_.symbols[table_.label_ref[2 * at_]]); }
  std::string_view value() const { return view(table_.symbols[table_.label_ref[2 * at_ + 1]]); }
  void step() {
    ++at_;
    skip();
  }

 private:
  void skip() {
    while (without_bound_ && at_ != end_ && name() == kBound) ++at_;
  }

  const nx_series_table& table_;
  std::uint32_t at_;
  const std::uint32_t end_;
  const bool without_bound_;
};

// Finds the histogram of a series by its labels: a flat table, since one of nodes and texts took
// longer to give back than a query may to end.
class HistogramTable {
 public:
  HistogramTable(const nx_series_table& table, std::vector<HistogramSeries>& all)
      : table_(table), all_(all), slots_(16, NX_NONE) {}

  // The histogram with the series' labels; NX_NONE: there is none.
  std::uint32_t find(std::uint32_t series, bool without_bound) const {
    return slots_[slot_of(series, without_bound)];
  }
  // The same, made where there is none.
  std::uint32_t find_or_add(std::uint32_t series, bool without_bound) {
    if (2 * (all_.size() + 1) > slots_.size()) grow();
    std::uint32_t& slot = slots_[slot_of(series, without_bound)];
    if (slot == NX_NONE) {
      slot = static_cast<std::uint32_t>(all_.size());
      all_.push_back({series, without_bound, {}, NX_NONE});
    }
    return slot;
  }

 private:
  std::size_t slot_of(std::uint32_t series, bool without_bound) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash(series, without_bound) & mask;
    while (slots_[at] != NX_NONE && !has_labels_of(all_[slots_[at]], series, without_bound)) {
      at = (at + 1) & mask;
    }
    return at;
  }
  std::size_t hash(std::uint32_t series, bool without_bound) const {
    std::uint64_t h = 0;
    for (LabelWalk walk(table_, series, without_bound); !walk.done(); walk.step()) {
      for (const std::string_view text : {walk.name(), walk.value()}) {
        h = (h ^ std::hash<std::string_view>()(text)) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
      }
    }
    return h;
  }
  bool has_labels_of(const HistogramSeries& histogram, std::uint32_t series,
                     bool without_bound) const {
    LabelWalk a(table_, histogram.first, histogram.strip_le);
    LabelWalk b(table_, series, without_bound);
    for (; !a.done() && !b.done(); a.step(), b.step()) {
      if (a.name() != b.name() || a.value() != b.value()) return false;
    }
    return a.done() && b.done();
  }
  void grow() {
    slots_.assign(2 * slots_.size(), NX_NONE);
    for (std::size_t i = 0; i < all_.size(); ++i) {
      slots_[slot_of(all_[i].first, all_[i].strip_le)] = static_cast<std::uint32_t>(i);
    }
  }

  const nx_series_table& table_;
  std::vector<HistogramSeries>& all_;
  std::vector<std::uint32_t> slots_;
};

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

HistogramVector group_histograms(const sdk::FunctionContext& context, const nx_matrix& m) {
  constexpr std::size_t kWorkOfSeries = 128;  // to find its histogram
  HistogramVector out;
  HistogramTable known(*m.labels, out.all);
  Pace pace(context);
  for (std::uint32_t s = 0; s < m.series_count; ++s) {
    pace.after(kWorkOfSeries + m.step_count);
    if (!has_value(m, s, false)) continue;
    double upper = 0;
    if (!parse_bound(label_of(*m.labels, s, kBound), upper)) {
      out.without_bound.push_back(s);
      continue;
    }
    out.all[known.find_or_add(s, true)].members.push_back({upper, s});
  }
  for (HistogramSeries& series : out.all) {
    pace.after(16 * series.members.size());
    std::stable_sort(series.members.begin(), series.members.end(),
                     [](const auto& a, const auto& b) {
                       return std::isnan(a.upper) ? !std::isnan(b.upper) : a.upper < b.upper;
                     });
  }
  for (std::uint32_t s = 0; m.h != nullptr && s < m.series_count; ++s) {
    pace.after(kWorkOfSeries + m.step_count);
    if (!has_value(m, s, true)) continue;
    const std::uint32_t classic = known.find(s, false);
    if (classic != NX_NONE) {
      out.all[classic].native = s;
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
