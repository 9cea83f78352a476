// SPDX-License-Identifier: Apache-2.0
#include "blocks/histogram_encoder.hpp"

#include <span>

namespace narthex::blocks {

namespace {

std::int64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// Count, zero count and all buckets as plain numbers.
std::vector<double> absolute_counts(const nx_histogram& h) {
  std::vector<double> out;
  out.push_back(h.is_float != 0 ? h.count.f : static_cast<double>(h.count.u));
  out.push_back(h.is_float != 0 ? h.zero_count.f : static_cast<double>(h.zero_count.u));
  const auto side = [&](const nx_buckets& buckets, std::uint32_t count) {
    std::uint64_t sum = 0;  // wraps where a damaged chunk has been read
    for (std::uint32_t i = 0; i < count; ++i) {
      if (h.is_float != 0) {
        out.push_back(buckets.counts[i]);
      } else {
        sum += static_cast<std::uint64_t>(buckets.deltas[i]);
        out.push_back(static_cast<double>(static_cast<std::int64_t>(sum)));
      }
    }
  };
  side(h.pos, h.pos_bucket_count);
  side(h.neg, h.neg_bucket_count);
  return out;
}

// As it is stored: a stale one has nothing but its sum.
nx_histogram emptied(const nx_histogram& histogram) {
  nx_histogram out{};
  out.sum = histogram.sum;
  out.is_float = histogram.is_float;
  out.reset_hint = histogram.reset_hint;
  return out;
}

}  // namespace

bool HistogramEncoder::fits(const nx_histogram& h) const {
  if ((h.is_float != 0) != (chunk_.encoding == Encoding::kFloatHistogram)) return false;
  if (is_stale(h.sum)) return true;
  if (is_stale(sum_)) return false;
  if ((h.reset_hint == NX_RESET_GAUGE) != gauge_ || h.reset_hint == NX_RESET_YES) return false;
  if (!(HistogramLayout::of(h) == layout_)) return false;
  if (gauge_) return true;
  const std::vector<double> now = absolute_counts(h);
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i] < absolute_[i]) return false;
  }
  return true;
}

bool HistogramEncoder::add(std::int64_t t, const nx_histogram& given) {
  const bool stale = is_stale(given.sum);
  if (chunk_.samples > 0 && !fits(given)) return false;
  const nx_histogram h = stale ? emptied(given) : given;
  if (chunk_.samples == 0) {
    begin(t, h);
  } else {
    write_time(t);
    h.is_float != 0 ? write_floats(h) : write_integers(h);
  }
  sum_ = h.sum;
  t_ = t;
  if (!stale) remember(h);
  chunk_.max_t = t;
  ++chunk_.samples;
  return true;
}

void HistogramEncoder::begin(std::int64_t t, const nx_histogram& h) {
  const bool is_float = h.is_float != 0;
  chunk_.encoding = is_float ? Encoding::kFloatHistogram : Encoding::kHistogram;
  chunk_.min_t = t;
  gauge_ = h.reset_hint == NX_RESET_GAUGE;
  layout_ = HistogramLayout::of(h);
  layout_.write(out_);
  out_.varbit_int(t);
  sum_bits_ = XorValue(h.sum);
  if (is_float) {
    out_.float64(h.count.f);
    out_.float64(h.zero_count.f);
    out_.float64(h.sum);
    floats_ = {XorValue(h.count.f), XorValue(h.zero_count.f)};
    for (const auto& side : {std::span(h.pos.counts, h.pos_bucket_count),
                             std::span(h.neg.counts, h.neg_bucket_count)}) {
      for (const double bucket : side) {
        out_.float64(bucket);
        floats_.emplace_back(bucket);
      }
    }
    return;
  }
  out_.varbit_uint(h.count.u);
  out_.varbit_uint(h.zero_count.u);
  out_.float64(h.sum);
  for (const auto& side :
       {std::span(h.pos.deltas, h.pos_bucket_count), std::span(h.neg.deltas, h.neg_bucket_count)}) {
    for (const std::int64_t bucket : side) out_.varbit_int(bucket);
  }
}

void HistogramEncoder::write_time(std::int64_t t) {
  const std::int64_t step = difference(t, t_);
  if (chunk_.samples == 1) {
    out_.varbit_uint(static_cast<std::uint64_t>(step));
  } else {
    out_.varbit_int(difference(step, t_step_));
  }
  t_step_ = step;
}

void HistogramEncoder::write_integers(const nx_histogram& h) {
  const bool stale = is_stale(h.sum);
  std::size_t at = 0;
  const auto put = [&](std::int64_t value) {
    const std::int64_t step = difference(value, values_[at]);
    out_.varbit_int(chunk_.samples == 1 ? step : difference(step, steps_[at]));
    steps_[at++] = step;
  };
  if (stale) {
    out_.varbit_int(0);
    out_.varbit_int(0);
    return sum_bits_.write(out_, h.sum);
  }
  put(static_cast<std::int64_t>(h.count.u));
  put(static_cast<std::int64_t>(h.zero_count.u));
  sum_bits_.write(out_, h.sum);
  for (std::uint32_t i = 0; i < h.pos_bucket_count; ++i) put(h.pos.deltas[i]);
  for (std::uint32_t i = 0; i < h.neg_bucket_count; ++i) put(h.neg.deltas[i]);
}

void HistogramEncoder::write_floats(const nx_histogram& h) {
  floats_[0].write(out_, h.count.f);
  floats_[1].write(out_, h.zero_count.f);
  sum_bits_.write(out_, h.sum);
  if (is_stale(h.sum)) return;
  std::size_t at = 2;
  for (std::uint32_t i = 0; i < h.pos_bucket_count; ++i) floats_[at++].write(out_, h.pos.counts[i]);
  for (std::uint32_t i = 0; i < h.neg_bucket_count; ++i) floats_[at++].write(out_, h.neg.counts[i]);
}

void HistogramEncoder::remember(const nx_histogram& h) {
  absolute_ = absolute_counts(h);
  if (h.is_float != 0) return;
  values_ = {static_cast<std::int64_t>(h.count.u), static_cast<std::int64_t>(h.zero_count.u)};
  values_.insert(values_.end(), h.pos.deltas, h.pos.deltas + h.pos_bucket_count);
  values_.insert(values_.end(), h.neg.deltas, h.neg.deltas + h.neg_bucket_count);
  steps_.resize(values_.size());
}

EncodedChunk HistogramEncoder::finish() {
  BitWriter head;
  head.bits(chunk_.samples, 16);
  head.bits(gauge_ ? 0b11000000 : 0, 8);
  chunk_.data = head.take() + out_.take();
  return std::move(chunk_);
}

}  // namespace narthex::blocks
