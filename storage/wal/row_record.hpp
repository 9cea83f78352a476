// SPDX-License-Identifier: Apache-2.0
// row_record.hpp - rows: one time and a value for each slot of a layout, on top of what the slots
// logged last. A key row stands for itself; a delta row counts on the row before it, and says so by
// a counter. Pure but for the states; a state is used by one thread at a time.
#pragma once

#include "storage/bytes/bytes.hpp"
#include "storage/wal/record_types.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace narthex::storage::wal {

class ValueReader;

// Slots of a layout as they were logged last, 9 bytes each; the same on both sides of the log.
struct LayoutSlots {
  std::vector<std::uint64_t> bits;
  std::vector<std::uint8_t> exponents;
  std::uint64_t counter = 0;  // of the row before
  std::int64_t t = 0;
  std::uint64_t step = 0;  // between the two rows before
};

// What the writer knows of a layout. REQUIRES: one a layout id and process run, and rows appended
// in the order of encoding.
class RowState {
 public:
  // The next row is a key: the last one was not appended, or is to be encoded again.
  void invalidate() { rows_left_ = 0; }
  std::size_t memory_bytes() const {
    return sizeof *this + slots_.bits.capacity() * 8 + slots_.exponents.capacity();
  }

 private:
  friend void encode_row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
                         const std::uint64_t* present, std::uint64_t generation, RowState& state,
                         Bytes& out);
  LayoutSlots slots_;
  std::uint64_t generation_ = 0;
  unsigned rows_left_ = 0;  // until the next key
};

// Appends the payload of a kRow record. Where `present` is given, it has a bit a slot, and values
// of absent slots are not looked at. Append it with the same generation, and with 0 for none.
// REQUIRES: bits.size() <= kRefsMax.
void encode_row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
                const std::uint64_t* present, std::uint64_t generation, RowState& state,
                Bytes& out);

struct RowHead {
  std::uint64_t layout = 0;
  std::uint64_t counter = 0;
  bool key = false;
  std::uint8_t form = 0;
};

// The steps of reading a row: its head; then, where the slots can take it, the rest.
bool read_row_head(ByteReader& in, RowHead& head);
// Width of a key row, as far as the bytes bear it; 0 with a cursor that is not ok() otherwise.
std::size_t read_row_width(ByteReader& in);
// False for a malformed row, after which the slots are of no use. `present` is set to all bits or
// those of the row. A key row needs slots of its width, all zero.
bool read_row(ByteReader& in, const RowHead& head, LayoutSlots& slots, ValueReader& values,
              std::vector<std::uint64_t>& present);
// Where a delta row cannot be read: how many values it has, about.
std::size_t count_row_values(ByteReader& in, const RowHead& head, std::size_t slots);

}  // namespace narthex::storage::wal
