// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/extended_histograms.hpp"

#include "plugins/function/promql/messages.hpp"

namespace narthex::function_promql {

namespace {

// Of a sum or a difference: what both say, a gauge where one is, else nothing.
std::uint8_t common_hint(std::uint8_t a, std::uint8_t b) {
  if (a == b) return a;
  return a == NX_RESET_GAUGE || b == NX_RESET_GAUGE ? NX_RESET_GAUGE : NX_RESET_UNKNOWN;
}

}  // namespace

void ExtendedHistograms::begin_series(std::uint32_t series) {
  series_ = series;
  if (is_counter()) resets_.find(in_, series);
}

bool ExtendedHistograms::fail(Fit why) const {
  context_.warn(0, series_, text_of(why));
  return false;
}

bool ExtendedHistograms::is_of_one_kind(std::uint32_t lo, std::uint32_t last) const {
  bool gauge = false;
  for (std::uint32_t k = lo; k <= last; ++k) {
    if (has_custom_buckets(*in_.h[k]) != has_custom_buckets(*in_.h[lo])) {
      return fail(Fit::kMixedSchemas);
    }
    gauge = gauge || in_.h[k]->reset_hint == NX_RESET_GAUGE;
  }
  if (is_counter() && gauge) context_.warn(0, series_, kNotCounter);
  return true;
}

// On the line from a sample to the next one. A counter that was reset in between began at nothing.
bool ExtendedHistograms::value_at(std::uint32_t before, std::int64_t t_ms, FloatHistogram& out) {
  const nx_histogram& from = *in_.h[before];
  const nx_histogram& to = *in_.h[before + 1];
  const double share = static_cast<double>(t_ms - in_.ht[before]) /
                       static_cast<double>(in_.ht[before + 1] - in_.ht[before]);
  out.load(to);
  if (is_counter() && resets_.before(before + 1)) {
    out.scale(share);
    return true;
  }
  if (const Fit why = fit(to, from); why != Fit::kOk) return fail(why);
  other_.load(from);
  out.add(other_, -1);
  out.scale(share);
  other_.load(from);
  out.add(other_, 1);
  out.head.reset_hint = common_hint(common_hint(to.reset_hint, from.reset_hint), from.reset_hint);
  return true;
}

bool ExtendedHistograms::make_up_for(const nx_histogram& lost) {
  other_.load(lost);
  if (!has_lost_) {
    std::swap(lost_, other_);
  } else {
    if (const Fit why = fit(lost_.head, lost); why != Fit::kOk) return fail(why);
    lost_.add(other_, 1);
  }
  has_lost_ = true;
  return true;
}

// What a counter lost between left_ and right_, into lost_. A reset that left_ spans is made up for
// there already. The last sample stands in right_, with its hint, which must not count twice.
bool ExtendedHistograms::make_up_for_resets(std::uint32_t lo, std::uint32_t last,
                                            std::int64_t start_ms) {
  has_lost_ = false;
  const nx_histogram left = left_.shown();
  const nx_histogram* before = &left;
  std::uint32_t k = lo + 1;
  bool between = smoothed_ && in_.ht[lo] < start_ms;  // left_ is no sample
  if (between && resets_.before(k)) {
    before = in_.h[k++];
    between = false;
  }
  if (k > last) return true;
  for (; k < last; ++k) {
    const bool reset = between ? detect_reset(*in_.h[k], *before, scratch_) : resets_.before(k);
    if (reset && !make_up_for(*before)) return false;
    before = in_.h[k];
    between = false;
  }
  return !detect_reset(right_.shown(), *before, scratch_) || make_up_for(*before);
}

// sum_ = growth between the ends of a window.
bool ExtendedHistograms::grow(std::uint32_t lo, std::uint32_t last, std::int64_t start_ms,
                              std::int64_t end_ms) {
  if (!is_of_one_kind(lo, last)) return false;
  left_.load(*in_.h[lo]);
  right_.load(*in_.h[last]);
  if (smoothed_ && in_.ht[lo] < start_ms && !value_at(lo, start_ms, left_)) return false;
  if (smoothed_ && last > lo && in_.ht[last] > end_ms && !value_at(last - 1, end_ms, right_)) {
    return false;
  }
  if (!is_counter() &&
      (left_.head.reset_hint != NX_RESET_GAUGE || right_.head.reset_hint != NX_RESET_GAUGE)) {
    context_.warn(0, series_, kNotGauge);
  }
  if (const Fit why = fit(right_.head, left_.head); why != Fit::kOk) return fail(why);
  if (is_counter() && !make_up_for_resets(lo, last, start_ms)) return false;
  sum_ = right_;
  other_ = left_;
  sum_.add(other_, -1);
  if (is_counter() && has_lost_) {
    if (const Fit why = fit(sum_.head, lost_.head); why != Fit::kOk) return fail(why);
    sum_.add(lost_, 1);
  }
  return true;
}

void ExtendedHistograms::evaluate(std::uint32_t step) {
  const std::uint64_t at = std::uint64_t{series_} * in_.step_count + step;
  const std::uint32_t lo = in_.hlo[at];
  const std::uint32_t last = in_.hhi[at] - 1;
  const std::int64_t end_ms = in_.end_t[step];
  const std::int64_t start_ms = end_ms - in_.range_ms;
  if (in_.ht[last] <= start_ms || (smoothed_ && in_.ht[lo] > end_ms)) return;
  if (!grow(lo, last, start_ms, end_ms)) return;
  if (growth_ == Growth::kRate) sum_.divide(seconds(in_.range_ms));
  sum_.head.reset_hint = NX_RESET_GAUGE;
  sum_.compact();
  sum_.put(context_, at);
}

}  // namespace narthex::function_promql
