// SPDX-License-Identifier: Apache-2.0
// records.hpp - what records say, and how they are written. Format: storage/docs/wal.md.
//
// Series and layouts are numbered by the writer; a number means something only within a generation
// (the segment it was defined for), which every record names. Values rest on values before them of
// the same generation: each record that such values stand in is counted, so that a reader notices
// one that is lost. Writers move their state at once: after a failed append all of it is void
// (`generation` 0), and what follows is defined and keyed again. Pure; one thread.
#pragma once

#include "storage/column/histogram_column.hpp"
#include "storage/wal/value_code.hpp"

#include <narthex/data.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::storage::wal {

using column::Bytes;
using column::ByteView;

enum RecordType : std::uint8_t {
  kSeriesRecord = 1,
  kLayoutRecord,
  kRowRecord,
  kSamplesRecord,
  kHistogramsRecord,
  kStartsRecord,
  kExemplarsRecord,
  kMetadataRecord,
  kDeleteRecord
};

struct LabelView {
  std::string_view name;
  std::string_view value;
};
struct LoggedSample {
  std::uint32_t ref;
  std::int64_t t;
  std::uint64_t bits;
};
struct LoggedStart {
  std::uint32_t ref;
  std::int64_t t;
  std::int64_t start_t;
};
struct LoggedExemplar {
  std::int64_t t;
  bool has_t;
  double value;
  std::span<const LabelView> labels;
};
struct LoggedMetadata {
  std::string_view family;
  std::uint32_t type;
  std::string_view unit;
  std::string_view help;
};

// Defines series. Texts are written once a record.
class SeriesEncoder {
 public:
  void begin(std::uint64_t generation);
  void add(std::uint32_t ref, std::span<const LabelView> labels);
  bool empty() const { return count_ == 0; }
  std::size_t bytes() const { return body_.size(); }
  void finish(Bytes& out);

 private:
  void put_symbol(std::string_view text);

  std::uint64_t generation_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t last_ref_ = 0;
  std::unordered_map<std::string_view, std::uint32_t> symbols_;
  std::vector<LabelView> before_;
  Bytes body_;
};

// Which series stand in the slots of rows.
void put_layout(std::uint64_t generation, std::uint64_t layout, std::span<const std::uint32_t> refs,
                Bytes& out);

// What the writer of rows of one layout remembers; about 9 bytes a slot.
struct RowState {
  std::uint64_t generation = 0;  // that it is of; 0: void
  std::uint32_t counter = 0;     // of the rows written in it
  std::uint32_t since_key = 0;
  std::int64_t t = 0;
  std::vector<std::uint64_t> bits;
  std::vector<std::uint8_t> exponents;
  std::vector<std::uint8_t> known;  // 1: the slot has a last value
};

// A row of a layout: the slots whose bit is set in `present` (null: all) have bits[slot].
void put_row(std::uint64_t generation, std::uint64_t layout, std::int64_t t,
             std::span<const std::uint64_t> bits, const std::uint64_t* present, RowState& state,
             Bytes& out);

inline constexpr std::uint8_t kKeyIsDue = 255;

// What the writer of samples by reference remembers of one series. epoch: of SamplesEncoder.
struct SampleState {
  std::uint64_t bits = 0;
  std::uint32_t epoch = 0;
  std::uint8_t exponent = kNoExponent;
  std::uint8_t since_key = 0;  // kKeyIsDue: the next sample rests on nothing
  std::uint16_t reserved = 0;
};

class SamplesEncoder {
 public:
  // Void states: every series is defined and keyed again.
  void restart(std::uint64_t generation) {
    generation_ = generation;
    ++epoch_;
    counter_ = 0;
  }
  std::uint32_t epoch() const { return epoch_; }

  // A record: begin, add, finish.
  void begin();
  void add(std::uint32_t ref, std::int64_t t, std::uint64_t bits, SampleState& state);
  std::size_t count() const { return count_; }
  void finish(Bytes& out);

 private:
  std::uint64_t generation_ = 0;
  std::uint32_t epoch_ = 0;
  std::uint64_t counter_ = 0;  // of the records in the generation
  std::size_t count_ = 0;
  std::uint32_t ref_ = 0;
  std::int64_t t_ = 0;
  std::int64_t step_ = 0;
  Bytes body_;
};

// One histogram. Status as column::encode_histograms.
narthex::Status put_histogram(std::uint64_t generation, std::uint32_t ref, std::int64_t t,
                              const nx_histogram& histogram, column::ValueScratch& scratch,
                              Bytes& out);
void put_starts(std::uint64_t generation, std::span<const LoggedStart> starts, Bytes& out);
void put_exemplar(std::uint64_t generation, std::uint32_t ref, const LoggedExemplar& exemplar,
                  Bytes& out);
void put_metadata(const LoggedMetadata& metadata, Bytes& out);
void put_delete(std::uint64_t generation, std::span<const std::uint32_t> refs, std::int64_t min_t,
                std::int64_t max_t, Bytes& out);

}  // namespace narthex::storage::wal
