// SPDX-License-Identifier: Apache-2.0
// sample_window.hpp - samples records of a replay, gathered undecoded, to be decoded series by
// series: what a series logged in many records is then decoded at once, and series are independent
// of each other, so several threads may do it.
//
// A record is gathered whole or not at all, and what rests on a lost one is left out, as
// RecordReader has it. Memory: what bytes() says, and 32 to 96 bytes a ref.
#pragma once

#include "storage/wal/sample_table.hpp"
#include "storage/wal/samples_record.hpp"
#include "storage/wal/value_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace narthex::storage::wal {

class SampleWindow {
 public:
  struct Gathered {
    bool sound = false;
    std::uint64_t samples = 0;
    std::uint64_t dropped = 0;  // rest on a record that is lost
  };
  // Takes over a record whose columns were read, up to the values in `in`. The refs of this record
  // are touched() ones from `touched before the call` on, or were before.
  Gathered gather(const SampleColumns& columns, ByteReader& in);
  // No value holds any more: refs need a key.
  void forget_values() { ++epoch_; }

  // What was gathered since clear(). An index of it stands for a ref.
  std::size_t touched() const { return touched_.size(); }
  std::uint32_t ref_of(std::size_t index) const { return slots_[touched_[index]].ref; }
  std::size_t samples_of(std::size_t index) const { return slots_[touched_[index]].samples; }
  bool touches(std::uint32_t ref) const;
  bool empty() const { return touched_.empty(); }
  std::size_t samples() const { return samples_; }
  std::size_t bytes() const {
    return bytes_ + pieces_.size() * sizeof(Piece) + times_.size() * sizeof(std::int64_t);
  }

  struct Columns {  // for one thread
    std::vector<std::int64_t> t;
    std::vector<std::uint64_t> bits;
  };
  using Take =
      std::function<void(std::span<const std::int64_t> t, std::span<const std::uint64_t> bits)>;
  // Tells the samples of a touched ref in the order of the log, at least kTakeSamples at a time but
  // for the last. Once for each before clear(). Threads may decode different ones at a time.
  static constexpr std::size_t kTakeSamples = 4096;
  void decode(std::size_t index, Columns& columns, const Take& take);

  // Forgets what was gathered, and keeps what holds.
  void clear();
  // Has room for so many bytes(), and at most a quarter more. REQUIRES: cleared.
  void make_room(std::size_t bytes);
  // Forgets the refs as well, and gives memory back. REQUIRES: cleared.
  void forget();

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Slot {
    std::uint64_t bits = 0;  // its last value that was decoded
    std::uint32_t ref = 0;
    std::uint32_t epoch = 0;  // its values hold where it is the window's
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;  // piece; kNone: not touched
    std::uint32_t samples = 0;
    std::uint8_t exponent = 0;
  };
  // What a record has of a ref. Of its first values none is left that rests on a lost one.
  struct Piece {
    std::uint64_t position;  // of its bits, from the begin of the buffer on
    std::uint32_t codes_at;
    std::uint32_t times_at;
    std::uint32_t count;
    std::uint32_t next;  // of the same slot; while it is gathered, the slot
  };

  std::uint32_t slot_of(std::uint32_t ref);
  std::uint32_t make_slot(std::uint32_t ref);
  ValueCursor copy(const PackedValues& packed);
  bool gather_ref(std::uint32_t ref, std::size_t times_at, std::size_t count, ValueCursor& values,
                  Gathered& gathered);
  void link(std::size_t first_piece);
  void reserve(std::size_t bytes);

  SampleTable table_;  // the slot of a ref, as its bits
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> touched_;
  std::vector<Piece> pieces_;
  std::vector<std::int64_t> times_;
  // Codes of a record, a byte each, its bits, ValueCursor::kSlack.
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t bytes_ = 0;
  std::size_t samples_ = 0;
  std::uint32_t epoch_ = 1;
  std::uint32_t slot_before_ = 0;  // the last one that was asked for
};

}  // namespace narthex::storage::wal
