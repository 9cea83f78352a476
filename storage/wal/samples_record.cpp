// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/samples_record.hpp"

#include "storage/wal/slot_set.hpp"

#include <algorithm>
#include <cstring>

namespace narthex::storage::wal {
namespace {

// Differences of differences; a stretch of zeros is a 0 and how many more follow.
class TimeWriter {
 public:
  explicit TimeWriter(Bytes& out) : out_(out) {}
  void first(std::int64_t t) {
    flush();
    put_difference(out_, static_cast<std::uint64_t>(t), entry_);
    entry_ = last_ = static_cast<std::uint64_t>(t);
  }
  void next(std::int64_t t) {
    const std::uint64_t step = static_cast<std::uint64_t>(t) - last_;
    if (step == step_) {
      ++zeros_;
    } else {
      flush();
      put_difference(out_, step, step_);
    }
    step_ = step;
    last_ = static_cast<std::uint64_t>(t);
  }
  void flush() {
    if (zeros_ == 0) return;
    out_.push_back(0);
    put_varint(out_, zeros_ - 1);
    zeros_ = 0;
  }

 private:
  Bytes& out_;
  std::uint64_t entry_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t step_ = 0;
  std::uint64_t zeros_ = 0;
};

class TimeReader {
 public:
  explicit TimeReader(ByteReader& in) : in_(in) {}
  std::int64_t first() {
    if (zeros_ != 0) in_.fail();
    entry_ = last_ = in_.difference(entry_);
    return static_cast<std::int64_t>(entry_);
  }
  std::int64_t next() {
    if (zeros_ != 0) {
      --zeros_;
    } else if (const std::uint64_t change = unzigzag(in_.varint()); change != 0) {
      step_ += change;
    } else {
      zeros_ = in_.varint();
    }
    last_ += step_;
    return static_cast<std::int64_t>(last_);
  }
  bool done() const { return zeros_ == 0; }

 private:
  ByteReader& in_;
  std::uint64_t entry_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t step_ = 0;
  std::uint64_t zeros_ = 0;
};

// How many samples each ref has.
enum Lengths : std::uint8_t { kOne = 0, kEqual = 1, kEach = 2 };

bool read_lengths(ByteReader& in, unsigned form, std::uint64_t samples, SampleColumns& out) {
  const std::size_t entries = out.refs.size();
  std::uint64_t sum = 0;
  out.lengths.resize(entries);
  const std::uint64_t equal = form == kEqual ? in.varint() : 1;
  for (std::uint64_t& length : out.lengths) {
    length = form == kEach ? in.varint() : equal;
    if (!in.ok() || length == 0 || length > samples - sum) return false;
    sum += length;
  }
  return sum == samples;
}

// Refs without times of their own have those of the ref before.
bool read_times(ByteReader& in, SampleColumns& out) {
  out.times.resize(out.samples);
  out.times_at.resize(out.refs.size());
  TimeReader times(in);
  std::size_t filled = 0;
  std::size_t at = 0;  // of those that later refs share
  for (std::size_t entry = 0; entry < out.refs.size(); ++entry) {
    const auto length = static_cast<std::size_t>(out.lengths[entry]);
    if ((out.timed[entry / 64] >> entry % 64 & 1) != 0) {
      at = filled;
      filled += length;
      out.times[at] = times.first();
      for (std::size_t i = at + 1; i < filled; ++i) out.times[i] = times.next();
    } else if (entry == 0 || out.lengths[entry - 1] != length) {
      return false;
    }
    out.times_at[entry] = static_cast<std::uint32_t>(at);
  }
  out.times.resize(filled);
  return in.ok() && times.done();
}

}  // namespace

void SamplesEncoder::begin(SamplesStream& stream, std::uint64_t generation) {
  if (stream.generation_ != generation) ++stream.tag_;
  stream.generation_ = generation;
  stream_ = &stream;
  tag_ = stream.tag_;
  refs_.clear();
  starts_.clear();
  times_.clear();
  values_.clear();
}

void SamplesEncoder::add(std::uint32_t ref, std::int64_t t, std::uint64_t bits,
                         SampleState& state) {
  values_.reserve(1);
  const bool enters = refs_.empty() || refs_.back() != ref;
  if (enters) {
    refs_.push_back(ref);
    starts_.push_back(times_.size());
  }
  times_.push_back(t);
  if (state.tag != tag_ || (enters && state.since_key >= kKeyInterval)) {
    state.tag = tag_;
    state.since_key = 0;
    values_.mark_key();
    values_.put_key(bits, state.bits, state.exponent);
  } else {
    values_.put(bits, state.bits, state.exponent);
  }
  if (state.since_key != 255) ++state.since_key;
}

void SamplesEncoder::add_run(std::uint32_t ref, std::span<const std::int64_t> t,
                             std::span<const std::uint64_t> bits, SampleState& state) {
  add(ref, t[0], bits[0], state);
  times_.insert(times_.end(), t.begin() + 1, t.end());
  values_.reserve(t.size());
  values_.put_run(bits.subspan(1), state.bits, state.exponent);
  state.since_key =
      static_cast<std::uint8_t>(std::min<std::size_t>(state.since_key + bits.size() - 1, 255));
}

void SamplesEncoder::put_lengths(Bytes& out) {
  const std::size_t first = length(0);
  bool equal = true;
  for (std::size_t i = 1; i < refs_.size(); ++i) equal = equal && length(i) == first;
  out.push_back(equal ? (first == 1 ? kOne : kEqual) : kEach);
  if (equal && first != 1) put_varint(out, first);
  for (std::size_t i = 0; !equal && i < refs_.size(); ++i) put_varint(out, length(i));
}

void SamplesEncoder::put_times(Bytes& out) {
  const std::size_t entries = refs_.size();
  timed_.assign(words_of(entries), 0);
  timed_[0] = 1;
  for (std::size_t i = 1; i < entries; ++i) {
    const std::int64_t* const own = times_.data() + starts_[i];
    const std::int64_t* const before = times_.data() + starts_[i - 1];
    const std::size_t count = length(i);
    const bool same = count == length(i - 1) && own[0] == before[0] &&
                      std::memcmp(own, before, count * sizeof *own) == 0;
    if (!same) timed_[i / 64] |= std::uint64_t{1} << i % 64;
  }
  const std::size_t timed = count_bits(timed_);
  const SetForm form = timed == entries ? SetForm::kAll : form_of(timed, entries);
  out.push_back(static_cast<std::uint8_t>(form));
  put_set(out, form, timed_, entries);
  TimeWriter times(out);
  for (std::size_t i = 0; i < entries; ++i) {
    if ((timed_[i / 64] >> i % 64 & 1) == 0) continue;
    times.first(times_[starts_[i]]);
    for (std::size_t k = starts_[i] + 1; k < starts_[i + 1]; ++k) times.next(times_[k]);
  }
  times.flush();
}

void SamplesEncoder::finish(Bytes& out) {
  starts_.push_back(times_.size());
  put_varint(out, ++stream_->counter_);
  put_varint(out, times_.size());
  put_varint(out, refs_.size());
  put_refs(out, refs_);
  put_lengths(out);
  put_times(out);
  values_.write(out);
  refs_.clear();
  starts_.clear();
  times_.clear();
  values_.clear();
}

bool read_sample_columns(ByteReader& in, SampleColumns& out) {
  out.counter = in.varint();
  // Each sample has a nibble.
  const std::uint64_t samples = in.varint_to(2 * std::uint64_t{in.left()});
  const std::uint64_t entries = in.varint_to(samples);
  if (!in.ok() || entries == 0) return false;
  out.samples = static_cast<std::size_t>(samples);
  if (!read_refs(in, static_cast<std::size_t>(entries), out.refs)) return false;
  const std::uint8_t lengths = in.byte();
  if (lengths > kEach || !read_lengths(in, lengths, samples, out)) return false;
  const std::uint8_t form = in.byte();
  if (form > 2 || !read_set(in, static_cast<SetForm>(form), out.refs.size(), out.timed)) {
    return false;
  }
  return read_times(in, out);
}

}  // namespace narthex::storage::wal
