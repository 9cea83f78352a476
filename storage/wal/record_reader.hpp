// SPDX-License-Identifier: Apache-2.0
// record_reader.hpp - reads records in the order of the log and tells what they say, but nothing
// that damage has made uncertain: what rests on a lost record is dropped and counted.
//
// Whatever the bytes: every call returns, nothing is told of a record that is malformed, and memory
// stays within a few times the record. One thread.
#pragma once

#include "storage/wal/format.hpp"
#include "storage/wal/records.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace narthex::storage::wal {

// Told in the order of the log; views are valid during the call. A ref or layout that is named has
// been defined before, perhaps again with the same meaning.
class ReplayVisitor {
 public:
  virtual ~ReplayVisitor() = default;
  virtual void series(std::uint32_t ref, std::span<const LabelView> labels) = 0;
  // kNoRef: a series whose definition is lost.
  static constexpr std::uint32_t kNoRef = UINT32_MAX;
  virtual void layout(std::uint64_t layout, std::span<const std::uint32_t> refs) = 0;
  virtual void row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
                   const std::uint64_t* present) = 0;
  virtual void samples(std::span<const LoggedSample> samples) = 0;
  virtual void histogram(std::uint32_t ref, std::int64_t t, const nx_histogram& histogram) = 0;
  virtual void start(std::uint32_t ref, std::int64_t t, std::int64_t start_t) = 0;
  virtual void exemplar(std::uint32_t ref, const LoggedExemplar& exemplar) = 0;
  virtual void metadata(const LoggedMetadata& metadata) = 0;
  virtual void erase(std::span<const std::uint32_t> refs, std::int64_t min_t,
                     std::int64_t max_t) = 0;
};

struct ReaderFigures {
  std::uint64_t records = 0;
  std::uint64_t samples = 0;          // told
  std::uint64_t dropped_samples = 0;  // their value or series is uncertain
  std::uint64_t malformed = 0;        // records
};

class RecordReader {
 public:
  explicit RecordReader(ReplayVisitor& visitor) : visitor_(visitor) {}
  void read(std::uint8_t type, ByteView payload);
  const ReaderFigures& figures() const { return figures_; }

 private:
  struct Layout {
    std::uint64_t generation = 0;  // that it was defined in
    std::vector<std::uint32_t> refs;
    // The rows: what the writer's RowState has.
    std::uint64_t rows_generation = 0;
    std::uint64_t counter = 0;
    bool certain = false;
    std::int64_t t = 0;
    std::vector<LastValue> last;
    std::vector<std::uint8_t> known;
  };
  struct Series {
    std::uint64_t generation = 0;        // that it was defined in
    std::uint64_t value_generation = 0;  // that `last` is of
    std::uint64_t value_epoch = 0;       // of epoch_
    LastValue last;
  };

  bool read_series(ByteReader& in);
  bool read_layout(ByteReader& in);
  bool read_row(ByteReader& in);
  bool decode_row(ByteReader& in, Layout& layout, std::size_t width, bool partial);
  bool read_samples(ByteReader& in);
  bool read_histogram(ByteReader& in);
  bool read_starts(ByteReader& in);
  bool read_exemplar(ByteReader& in);
  bool read_metadata(ByteReader& in);
  bool read_delete(ByteReader& in);
  bool defined(std::uint64_t ref, std::uint64_t generation) const {
    return ref < series_.size() && series_[ref].generation == generation;
  }

  ReplayVisitor& visitor_;
  ReaderFigures figures_;
  std::vector<Series> series_;  // by ref
  std::unordered_map<std::uint64_t, Layout> layouts_;
  std::uint64_t samples_generation_ = 0;
  std::uint64_t samples_counter_ = 0;
  std::uint64_t epoch_ = 1;  // a lost samples record makes the last values of all series uncertain
  std::vector<LoggedSample> samples_;
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint64_t> present_;
};

}  // namespace narthex::storage::wal
