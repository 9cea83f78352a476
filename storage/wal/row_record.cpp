// SPDX-License-Identifier: Apache-2.0
// Rows: a bitmap of what changed, nibbles, then the bytes of the values that changed.
#include "storage/wal/records.hpp"
#include "storage/wal/row_flags.hpp"

namespace narthex::storage::wal {
namespace {

constexpr std::uint32_t kRowsPerKey = 64;

bool is_there(const std::uint64_t* present, std::size_t slot) {
  return present == nullptr || (present[slot / 64] >> slot % 64 & 1) != 0;
}

void begin_key(std::uint64_t generation, RowState& state) {
  if (state.generation != generation) state.counter = 0;
  state.generation = generation;
  state.since_key = 0;
  std::fill(state.known.begin(), state.known.end(), 0);
}

}  // namespace

void put_row(std::uint64_t generation, std::uint64_t layout, std::int64_t t,
             std::span<const std::uint64_t> bits, const std::uint64_t* present, RowState& state,
             Bytes& out) {
  const std::size_t width = bits.size();
  const bool key = state.generation != generation || state.since_key >= kRowsPerKey;
  if (key) begin_key(generation, state);
  if (state.bits.size() < width) {
    state.bits.resize(width);
    state.exponents.resize(width, kNoExponent);
    state.known.resize(width, 0);
  }
  ++state.since_key;
  const unsigned flags = (key ? kRowKey : 0u) | (present != nullptr ? kRowPartial : 0u);
  column::put_varint(out, generation);
  column::put_varint(out, layout);
  out.push_back(static_cast<std::uint8_t>(flags));
  column::put_varint(out, ++state.counter);
  column::put_difference(out, static_cast<std::uint64_t>(t),
                         key ? 0 : static_cast<std::uint64_t>(state.t));
  column::put_varint(out, width);
  state.t = t;
  const std::size_t map_bytes = (width + 7) / 8;
  if (present != nullptr) {
    column::put_bytes(out, {reinterpret_cast<const std::uint8_t*>(present), map_bytes});
  }
  const std::size_t map_at = out.size();
  out.resize(map_at + map_bytes);
  thread_local Bytes codes;
  thread_local Bytes values;
  codes.clear();
  values.clear();
  for (std::size_t slot = 0; slot < width; ++slot) {
    if (!is_there(present, slot)) continue;
    const bool known = state.known[slot] != 0;
    if (known && state.bits[slot] == bits[slot]) continue;
    LastValue last{state.bits[slot], state.exponents[slot]};
    codes.push_back(known ? put_value(bits[slot], last, values)
                          : put_key(bits[slot], last, values));
    state.bits[slot] = last.bits;
    state.exponents[slot] = last.exponent;
    state.known[slot] = 1;
    out[map_at + slot / 8] |= static_cast<std::uint8_t>(1u << slot % 8);
  }
  for (std::size_t i = 0; i < codes.size(); i += 2) {
    const unsigned high = i + 1 < codes.size() ? codes[i + 1] : 0u;
    out.push_back(static_cast<std::uint8_t>(codes[i] | high << 4));
  }
  column::put_bytes(out, values);
}

}  // namespace narthex::storage::wal
