// SPDX-License-Identifier: Apache-2.0
// Chunks of native histograms, with integer (encoding 2) and with float buckets (encoding 3).
#include "blocks/bits.hpp"
#include "blocks/chunk.hpp"
#include "blocks/histogram_layout.hpp"
#include "blocks/xor_value.hpp"

namespace narthex::blocks {

namespace {

std::uint64_t plus(std::uint64_t a, std::int64_t b) { return a + static_cast<std::uint64_t>(b); }

// A number that is stored as the change of its change.
class Curve {
 public:
  void start(std::int64_t value) { value_ = value; }
  std::int64_t value() const { return value_; }
  void first_step(std::int64_t step) { move(step_ = step); }
  void step_by(std::int64_t change) {
    step_ = static_cast<std::int64_t>(plus(static_cast<std::uint64_t>(step_), change));
    move(step_);
  }
  // The first sample after the start tells its step, later ones the change of the step.
  void advance(BitReader& in, bool first) {
    first ? first_step(in.varbit_int()) : step_by(in.varbit_int());
  }

 private:
  void move(std::int64_t step) {
    value_ = static_cast<std::int64_t>(plus(static_cast<std::uint64_t>(value_), step));
  }
  std::int64_t value_ = 0;
  std::int64_t step_ = 0;
};

void advance_time(Curve& time, BitReader& in, std::size_t row) {
  if (row == 1) {
    time.first_step(static_cast<std::int64_t>(in.varbit_uint()));
  } else {
    time.step_by(in.varbit_int());
  }
}

// The numbers of integer histograms.
class IntegerRows {
 public:
  explicit IntegerRows(std::size_t buckets) : buckets_(buckets) {}
  std::int64_t time() const { return time_.value(); }
  double sum() const { return sum_.value(); }
  bool broken() const { return sum_.broken(); }

  void read(BitReader& in, std::size_t row) {
    if (row == 0) {
      time_.start(in.varbit_int());
      count_.start(static_cast<std::int64_t>(in.varbit_uint()));
      zero_count_.start(static_cast<std::int64_t>(in.varbit_uint()));
      sum_ = XorValue(in.float64());
      for (Curve& bucket : buckets_) bucket.start(in.varbit_int());
      return;
    }
    advance_time(time_, in, row);
    count_.advance(in, row == 1);
    zero_count_.advance(in, row == 1);
    sum_.read(in);
    if (is_stale(sum_.value())) return;  // nothing follows: see encode
    for (Curve& bucket : buckets_) bucket.advance(in, row == 1);
  }
  void fill(nx_histogram& out, std::size_t positive, Samples& memory) const {
    out.count.u = static_cast<std::uint64_t>(count_.value());
    out.zero_count.u = static_cast<std::uint64_t>(zero_count_.value());
    auto* deltas = memory.array<std::int64_t>(buckets_.size());
    for (std::size_t i = 0; i < buckets_.size(); ++i) deltas[i] = buckets_[i].value();
    out.pos.deltas = deltas;
    out.neg.deltas = deltas + positive;
  }

 private:
  Curve time_, count_, zero_count_;
  XorValue sum_;
  std::vector<Curve> buckets_;  // positive ones first
};

// The numbers of float histograms.
class FloatRows {
 public:
  explicit FloatRows(std::size_t buckets) : buckets_(buckets) {}
  std::int64_t time() const { return time_.value(); }
  double sum() const { return sum_.value(); }
  bool broken() const {
    for (const XorValue& bucket : buckets_) {
      if (bucket.broken()) return true;
    }
    return sum_.broken() || count_.broken() || zero_count_.broken();
  }

  void read(BitReader& in, std::size_t row) {
    if (row == 0) {
      time_.start(in.varbit_int());
      for (XorValue* value : {&count_, &zero_count_, &sum_}) *value = XorValue(in.float64());
      for (XorValue& bucket : buckets_) bucket = XorValue(in.float64());
      return;
    }
    advance_time(time_, in, row);
    for (XorValue* value : {&count_, &zero_count_, &sum_}) value->read(in);
    if (is_stale(sum_.value())) return;
    for (XorValue& bucket : buckets_) bucket.read(in);
  }
  void fill(nx_histogram& out, std::size_t positive, Samples& memory) const {
    out.count.f = count_.value();
    out.zero_count.f = zero_count_.value();
    auto* counts = memory.array<double>(buckets_.size());
    for (std::size_t i = 0; i < buckets_.size(); ++i) counts[i] = buckets_[i].value();
    out.pos.counts = counts;
    out.neg.counts = counts + positive;
  }

 private:
  Curve time_;
  XorValue count_, zero_count_, sum_;
  std::vector<XorValue> buckets_;
};

nx_histogram stale_histogram(double sum, bool is_float) {
  nx_histogram out{};
  out.is_float = is_float ? 1 : 0;
  out.sum = sum;
  return out;
}

template <class Rows>
Status read_rows(BitReader& in, std::size_t count, std::uint8_t flags,
                 const HistogramLayout& layout, Samples& out) {
  const nx_histogram shape = layout.to_histogram(out, std::is_same_v<Rows, FloatRows>);
  // Each row that is kept has taken a bit a bucket, which bounds what is allocated.
  Rows rows(std::size_t{shape.pos_bucket_count} + shape.neg_bucket_count);
  const bool gauge = flags >> 6 == 3;
  for (std::size_t row = 0; row < count; ++row) {
    const std::int64_t before = rows.time();
    rows.read(in, row);
    const bool ascends = row == 0 || rows.time() > before;
    if (in.failed() || rows.broken() || !ascends) {
      return invalid_data("histogram " + std::to_string(row) + " of " + std::to_string(count) +
                          (in.failed() ? " is cut off" : " makes no sense"));
    }
    if (is_stale(rows.sum())) {
      out.add(rows.time(), stale_histogram(rows.sum(), shape.is_float != 0));
      continue;
    }
    nx_histogram histogram = shape;
    histogram.sum = rows.sum();
    // What stood before the chunk is not known here, whatever its flags say.
    histogram.reset_hint = gauge ? NX_RESET_GAUGE : row > 0 ? NX_RESET_NO : NX_RESET_UNKNOWN;
    rows.fill(histogram, shape.pos_bucket_count, out);
    out.add(rows.time(), histogram);
  }
  return Status();
}

}  // namespace

Status decode_histograms(std::string_view data, bool is_float, Samples& out) {
  if (data.size() < 3) return invalid_data("a chunk of histograms of less than 3 bytes");
  const std::size_t count = static_cast<std::size_t>(static_cast<unsigned char>(data[0])) << 8 |
                            static_cast<unsigned char>(data[1]);
  if (count == 0) return Status();
  const auto flags = static_cast<unsigned char>(data[2]);
  BitReader in(data.substr(3));
  Result<HistogramLayout> layout = HistogramLayout::read(in, data.size() * 8);
  if (!layout.ok()) return layout.status();
  return is_float ? read_rows<FloatRows>(in, count, flags, *layout, out)
                  : read_rows<IntegerRows>(in, count, flags, *layout, out);
}

}  // namespace narthex::blocks
