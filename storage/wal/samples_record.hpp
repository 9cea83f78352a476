// SPDX-License-Identifier: Apache-2.0
// samples_record.hpp - samples by ref, on top of what each series logged last.
//
// A record is columns: refs with the samples of each in a row, times, values. Records of a stream
// are numbered: a reader that misses one takes from then on only series that are keyed again.
#pragma once

#include "storage/wal/record_types.hpp"
#include "storage/wal/value_reader.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace narthex::storage::wal {

// What the writer keeps in each series: its last logged value, and when that was keyed.
struct SampleState {
  std::uint64_t bits = 0;
  std::uint32_t tag = 0;  // of the stream; 0: never logged
  std::uint8_t exponent = 0;
  std::uint8_t since_key = 0;  // samples, at most 255: the next one of a record is keyed
};
static_assert(sizeof(SampleState) == 16);

// Numbers the records of a process run. REQUIRES: they are appended in the order of encoding. Its
// owner locks it from begin() until the append has returned.
class SamplesStream {
 public:
  // No state holds any more: the last record was not appended, or is to be encoded again.
  void invalidate_all() { ++tag_; }

 private:
  friend class SamplesEncoder;
  std::uint64_t generation_ = 0;
  std::uint64_t counter_ = 0;
  std::uint32_t tag_ = 1;
};

// One record at a time. Used by one thread at a time; keeps its memory.
class SamplesEncoder {
 public:
  // Begins a record for Log::generation() `generation`, with which it is to be appended.
  void begin(SamplesStream& stream, std::uint64_t generation);
  // The state is that of the series, in this stream. Adjacent samples of a series cost least.
  void add(std::uint32_t ref, std::int64_t t, std::uint64_t bits, SampleState& state);
  // Several of one series. REQUIRES: as many times as values, at least one.
  void add_run(std::uint32_t ref, std::span<const std::int64_t> t,
               std::span<const std::uint64_t> bits, SampleState& state);
  // After begin(): what the states of series that were logged before hold by.
  std::uint32_t tag() const { return tag_; }
  bool empty() const { return times_.empty(); }
  std::size_t size() const { return times_.size(); }
  // Appends the payload of a kSamples record. REQUIRES: not empty.
  void finish(Bytes& out);

 private:
  std::size_t length(std::size_t entry) const { return starts_[entry + 1] - starts_[entry]; }
  void put_lengths(Bytes& out);
  void put_times(Bytes& out);

  SamplesStream* stream_ = nullptr;
  std::uint32_t tag_ = 0;
  std::vector<std::uint32_t> refs_;
  std::vector<std::size_t> starts_;  // of each ref's samples
  std::vector<std::int64_t> times_;
  std::vector<std::uint64_t> timed_;  // bit a ref: has times of its own
  ValueWriter values_;
};

// The columns of a record but for the values.
struct SampleColumns {
  std::uint64_t counter = 0;
  std::vector<std::uint32_t> refs;
  std::vector<std::uint64_t> lengths;
  std::vector<std::int64_t> times;      // of the refs that have some of their own
  std::vector<std::uint32_t> times_at;  // of each ref, in `times`
  std::vector<std::uint64_t> timed;
  std::size_t samples = 0;
};
// Reads up to the values, which have at least a code a sample. False when the bytes are no such
// record. Allocates no more than some times their size.
bool read_sample_columns(ByteReader& in, SampleColumns& out);

}  // namespace narthex::storage::wal
