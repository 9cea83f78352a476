// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/row_record.hpp"

#include "storage/wal/slot_set.hpp"
#include "storage/wal/value_reader.hpp"

#include <algorithm>

namespace narthex::storage::wal {
namespace {

constexpr std::uint8_t kKeyRow = 16;  // of the form byte; below: two set forms of two bits

// What encoding needs besides the state; kept, so that no row allocates.
struct RowScratch {
  ValueWriter values;
  std::vector<std::uint64_t> present;
  std::vector<std::uint64_t> coded;
};

RowScratch& row_scratch() {
  thread_local RowScratch scratch;
  return scratch;
}

// Bits of the slots [0, count), 64 at most, that are not as before.
std::uint64_t changes(const std::uint64_t* now, const std::uint64_t* before, std::size_t count) {
  std::uint64_t mask = 0;
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t any = 0;
    for (std::size_t k = 0; k < 8; ++k) any |= now[i + k] ^ before[i + k];
    if (any == 0) continue;
    for (std::size_t k = 0; k < 8; ++k) {
      mask |= std::uint64_t{now[i + k] != before[i + k]} << (i + k);
    }
  }
  for (; i < count; ++i) mask |= std::uint64_t{now[i] != before[i]} << i;
  return mask;
}

template <class Take>
void each_slot(std::span<const std::uint64_t> words, const Take& take) {
  for (std::size_t w = 0; w < words.size(); ++w) {
    const std::size_t base = 64 * w;
    if (words[w] == ~std::uint64_t{0}) {
      for (std::size_t i = 0; i < 64; ++i) take(base + i);
      continue;
    }
    for (std::uint64_t rest = words[w]; rest != 0; rest &= rest - 1) {
      take(base + static_cast<std::size_t>(std::countr_zero(rest)));
    }
  }
}

std::uint8_t form_byte(bool key, SetForm present, SetForm coded) {
  return static_cast<std::uint8_t>((key ? kKeyRow : 0) | static_cast<unsigned>(coded) << 2 |
                                   static_cast<unsigned>(present));
}

void put_row_head(Bytes& out, std::uint8_t form, std::uint64_t layout, std::uint64_t counter) {
  out.push_back(form);
  put_varint(out, layout);
  put_varint(out, counter);
}

void put_time(Bytes& out, LayoutSlots& slots, std::int64_t t) {
  const std::uint64_t step = static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(slots.t);
  put_difference(out, step, slots.step);
  slots.step = step;
  slots.t = t;
}

void put_key_row(RowScratch& scratch, SetForm present, std::uint64_t layout, std::int64_t t,
                 std::span<const std::uint64_t> bits, LayoutSlots& slots, Bytes& out) {
  std::fill(slots.bits.begin(), slots.bits.end(), 0);
  slots.bits.resize(bits.size());
  slots.exponents.resize(bits.size());
  put_row_head(out, form_byte(true, present, SetForm::kAll), layout, slots.counter);
  put_varint(out, bits.size());
  slots.t = 0;
  slots.step = 0;
  put_time(out, slots, t);
  slots.step = 0;
  put_set(out, present, scratch.present, bits.size());
  std::uint64_t* const last = slots.bits.data();
  std::uint8_t* const exponents = slots.exponents.data();
  each_slot(scratch.present,
            [&](std::size_t i) { scratch.values.put_key(bits.data()[i], last[i], exponents[i]); });
  // What a reader has of slots that are not there.
  for (std::size_t i = 0; present != SetForm::kAll && i < bits.size(); ++i) {
    if ((scratch.present[i / 64] >> i % 64 & 1) == 0) exponents[i] = 0;
  }
}

void put_delta_row(RowScratch& scratch, SetForm present, std::uint64_t layout, std::int64_t t,
                   std::span<const std::uint64_t> bits, LayoutSlots& slots, Bytes& out) {
  const std::size_t width = bits.size();
  std::uint64_t* const last = slots.bits.data();
  std::uint8_t* const exponents = slots.exponents.data();
  scratch.coded.resize(scratch.present.size());
  for (std::size_t w = 0; w < scratch.coded.size(); ++w) {
    const std::size_t base = 64 * w;
    scratch.coded[w] = scratch.present[w] & changes(bits.data() + base, last + base,
                                                    std::min<std::size_t>(64, width - base));
  }
  const std::size_t changed = count_bits(scratch.coded);
  const std::size_t there = present == SetForm::kAll ? width : count_bits(scratch.present);
  // A bit for every slot, or a nibble for each that is there and unchanged.
  SetForm coded = form_of(changed, width);
  if (there == changed || present == SetForm::kList || (there - changed) * 4 < width) {
    coded = SetForm::kAll;
    scratch.coded = scratch.present;
  }
  put_row_head(out, form_byte(false, present, coded), layout, slots.counter);
  put_time(out, slots, t);
  put_set(out, present, scratch.present, width);
  put_set(out, coded, scratch.coded, width);
  const std::uint64_t* const now = bits.data();
  ValueWriter::Place place = scratch.values.place();
  each_slot(scratch.coded, [&](std::size_t i) {
    if (!place.put(now[i], last[i], exponents[i])) [[unlikely]] {
      scratch.values.set_place(place);
      scratch.values.put_other(now[i], last[i], exponents[i]);
      place = scratch.values.place();
    }
    last[i] = now[i];
  });
  scratch.values.set_place(place);
}

}  // namespace

void encode_row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
                const std::uint64_t* present, std::uint64_t generation, RowState& state,
                Bytes& out) {
  RowScratch& scratch = row_scratch();
  const std::size_t width = bits.size();
  scratch.present.assign(words_of(width), ~std::uint64_t{0});
  if (present != nullptr) std::copy_n(present, scratch.present.size(), scratch.present.begin());
  if (width != 0) scratch.present.back() &= last_mask(width);
  SetForm form = SetForm::kAll;
  std::size_t there = width;
  if (present != nullptr) {
    there = count_bits(scratch.present);
    if (there != width) form = form_of(there, width);
  }
  scratch.values.clear();
  scratch.values.reserve(there);
  LayoutSlots& slots = state.slots_;
  const bool key =
      state.rows_left_ == 0 || state.generation_ != generation || slots.bits.size() != width;
  ++slots.counter;
  if (key) {
    // A bit a slot: what a reader is to allocate for them stands behind bytes.
    if (form == SetForm::kList) form = SetForm::kBitmap;
    put_key_row(scratch, form, layout, t, bits, slots, out);
    state.generation_ = generation;
    state.rows_left_ = kKeyInterval;
  } else {
    put_delta_row(scratch, form, layout, t, bits, slots, out);
  }
  --state.rows_left_;
  scratch.values.write(out);
}

bool read_row_head(ByteReader& in, RowHead& head) {
  const std::uint8_t form = in.byte();
  head.key = (form & kKeyRow) != 0;
  head.form = form & (kKeyRow - 1);
  head.layout = in.varint();
  head.counter = in.varint();
  const bool sound = (head.form & 3) != 3 && head.form >> 2 != 3 && form < 2 * kKeyRow;
  // A key row codes all that is there, and does not list.
  return in.ok() && sound &&
         (!head.key || head.form <= static_cast<std::uint8_t>(SetForm::kBitmap));
}

std::size_t read_row_width(ByteReader& in) {
  const std::uint64_t width = in.varint();
  if (width > kRefsMax || width > 8 * std::uint64_t{in.left()}) return in.fail();
  return static_cast<std::size_t>(width);
}

bool read_row(ByteReader& in, const RowHead& head, LayoutSlots& slots, ValueReader& values,
              std::vector<std::uint64_t>& present) {
  thread_local std::vector<std::uint64_t> coded;
  const std::size_t width = slots.bits.size();
  slots.step += unzigzag(in.varint());
  slots.t = static_cast<std::int64_t>(static_cast<std::uint64_t>(slots.t) + slots.step);
  if (head.key) slots.step = 0;
  slots.counter = head.counter;
  const auto form = static_cast<SetForm>(head.form & 3);
  if (!in.ok() || !read_set(in, form, width, present)) return false;
  const auto coded_form = static_cast<SetForm>(head.form >> 2);
  if (coded_form == SetForm::kAll) {
    coded = present;
  } else if (!read_set(in, coded_form, width, coded)) {
    return false;
  }
  for (std::size_t w = 0; w < coded.size(); ++w) {
    if ((coded[w] & ~present[w]) != 0) return false;
  }
  if (!values.open(in)) return false;
  bool good = true;
  std::uint64_t* const last = slots.bits.data();
  std::uint8_t* const exponents = slots.exponents.data();
  if (head.key) {
    each_slot(coded, [&](std::size_t i) {
      good = good && values.next_key(last[i], exponents[i]) == ValueReader::Got::kKey;
    });
  } else {
    each_slot(coded, [&](std::size_t i) {
      good = good && values.next(last[i], exponents[i]) == ValueReader::Got::kValue;
    });
  }
  return good && values.done();
}

std::size_t count_row_values(ByteReader& in, const RowHead& head, std::size_t slots) {
  (void)in.varint();
  const auto form = static_cast<SetForm>(head.form & 3);
  std::vector<std::uint64_t> present;
  if (form == SetForm::kAll || !in.ok() || !read_set(in, form, slots, present)) return slots;
  return count_bits(present);
}

}  // namespace narthex::storage::wal
