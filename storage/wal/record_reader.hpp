// SPDX-License-Identifier: Apache-2.0
// record_reader.hpp - the records of a replay as what they are about. Whatever the bytes and
// whatever is missing between them, a value is the one that was logged, or it is not told.
//
// A record is told whole or not at all. Memory: 9 bytes a slot of each layout of the segment, up to
// 64 a ref, and some times the largest record. Used by one thread at a time.
#pragma once

#include "storage/wal/event_records.hpp"
#include "storage/wal/record_types.hpp"
#include "storage/wal/replay.hpp"
#include "storage/wal/row_record.hpp"
#include "storage/wal/sample_table.hpp"
#include "storage/wal/sample_window.hpp"
#include "storage/wal/samples_record.hpp"

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace narthex::storage::wal {

// Told in the order of the log. Views are valid during the call. Refs and layouts have a meaning
// within one process run, and are defined again in each segment that uses them; where a definition
// is lost, rows and samples may come without one.
class ReplayVisitor {
 public:
  virtual ~ReplayVisitor() = default;
  // A segment begins. Unless it carries, refs and layouts of the one before are forgotten.
  virtual void segment(std::uint64_t number, bool carries) = 0;
  virtual void series(std::uint32_t ref, std::span<const LabelView> labels) = 0;
  virtual void layout(std::uint64_t layout, std::span<const std::uint32_t> refs) = 0;
  // Where `present` is not null, bits of slots that are absent mean nothing.
  virtual void row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
                   const std::uint64_t* present) = 0;
  virtual void samples(std::span<const LoggedRun> runs) = 0;
  virtual void histogram(std::uint32_t ref, std::int64_t t, const nx_histogram& histogram) = 0;
  virtual void start(std::uint32_t ref, std::int64_t t, std::int64_t start_t) = 0;
  virtual void exemplar(const LoggedExemplar& exemplar) = 0;
  virtual void metadata(const LoggedMetadata& metadata) = 0;
  virtual void erase(std::span<const std::uint32_t> refs, std::int64_t mint, std::int64_t maxt) = 0;
  // Where there is one, samples records go there and are told by gathered() instead of samples().
  // The same for as long as the reader lives.
  virtual SampleWindow* window() { return nullptr; }
  // A record has come to the window.
  virtual void gathered() {}
  // So many bytes of the log are still to come; told now and then.
  virtual void left(std::uint64_t) {}
};

struct RecordFigures {
  std::uint64_t records = 0;
  std::uint64_t samples = 0;          // told, of rows and by ref
  std::uint64_t dropped_samples = 0;  // rested on a record that is lost
  std::uint64_t malformed_records = 0;
};

class RecordReader {
 public:
  // The visitor outlives the reader.
  explicit RecordReader(ReplayVisitor& visitor) : visitor_(visitor), window_(visitor.window()) {}

  // A segment begins; without this call, read() takes another number for one that does not carry.
  void begin_segment(const SegmentHeader& header);
  void read(std::uint64_t segment, std::uint8_t type, ByteView payload);
  const RecordFigures& figures() const { return figures_; }
  // For replay(); the reader outlives it.
  ReplaySink sink();

 private:
  struct Layout {
    LayoutSlots slots;
    bool holds = false;
  };

  bool read_one(std::uint8_t type, ByteView payload);
  bool read_a_row(ByteView payload);
  bool read_some_samples(ByteView payload);
  bool take_values(std::size_t entry, std::size_t from);
  bool take_runs();
  bool gather(ByteReader& in);
  void forget_values();
  void forget();

  ReplayVisitor& visitor_;
  SampleWindow* const window_;
  RecordFigures figures_;
  std::uint64_t segment_ = 0;
  std::unordered_map<std::uint64_t, Layout> layouts_;
  std::uint64_t slots_ = 0;  // of all layouts
  SampleTable table_;
  std::uint64_t counter_ = 0;  // of the samples record before
  std::uint64_t dropped_ = 0;  // of the current record
  ValueReader values_;
  std::vector<std::uint64_t> present_;
  std::vector<std::uint32_t> refs_;
  SampleColumns columns_;
  std::vector<std::uint64_t> bits_;  // of the current record
  std::vector<LoggedRun> runs_;
};

}  // namespace narthex::storage::wal
