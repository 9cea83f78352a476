// SPDX-License-Identifier: Apache-2.0
#include "storage/column/value_column.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>

namespace narthex::storage::column {
namespace {

// What the bytes of a column say before any value is unpacked.
struct ValueHeader {
  IntegerBlocks integers;
  bool pattern = false;
  bool wide = false;
  bool reference = false;
  double power = 1;
  std::size_t exceptions = 0;
  bool stale = false;  // all exceptions are staleness markers
  ByteView exception_rows;
  ByteView exception_values;
};

bool parse_exceptions(ByteReader& in, std::size_t rows, ValueHeader& header) {
  const std::uint64_t code = in.varint();
  header.stale = (code & 1) != 0;
  if (code / 2 > rows) return false;
  header.exceptions = static_cast<std::size_t>(code / 2);
  const std::size_t at = in.position();
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < header.exceptions; ++i) {
    const std::uint64_t skipped = in.varint();
    if (skipped >= rows - next) return false;
    next += skipped + 1;
    if (next == rows && i + 1 < header.exceptions) return false;
  }
  header.exception_rows = in.since(at);
  if (!header.stale) header.exception_values = in.bytes(header.exceptions * sizeof(double));
  return in.ok();
}

bool parse_values(ByteView bytes, std::size_t rows, ValueHeader& header) {
  ByteReader in(bytes);
  const std::uint8_t head = in.byte();
  header.pattern = (head & kHeadPattern) != 0;
  header.wide = (head & kHeadWide) != 0;
  header.reference = (head & kHeadReference) != 0;
  header.integers.transform = static_cast<Transform>(head & kHeadTransform);
  header.integers.constant = (head & kHeadConstant) != 0;
  if (header.integers.constant && header.integers.transform != kFrame) return false;
  unsigned exponent = 0;
  if (!parse_scale(in, head, &header.integers.factor, &exponent)) return false;
  header.power = power_of_ten(exponent);
  if (header.power == 0) return false;
  if ((head & kHeadExceptions) != 0 && !parse_exceptions(in, rows, header)) return false;
  return parse_integers(in, rows, header.integers);
}

// Overwrites the exceptions among rows [from, to).
void put_exceptions(const ValueHeader& header, std::size_t from, std::size_t to, double* out) {
  ByteReader rows(header.exception_rows);
  ByteReader values(header.exception_values);
  std::size_t row = 0;
  for (std::size_t i = 0; i < header.exceptions; ++i, ++row) {
    row += static_cast<std::size_t>(rows.varint());
    const std::uint64_t bits = header.stale ? NX_STALE_NAN_BITS : values.word<std::uint64_t>();
    if (row >= from && row < to) std::memcpy(out + (row - from), &bits, sizeof bits);
  }
}

// Integers of a block to values.
void finish(const ValueHeader& header, const std::uint64_t* v, std::uint64_t offset, double* out) {
  if (header.pattern) {
    std::uint64_t bits[kBlockRows];
    kernels().to_integers(v, offset, bits);
    std::memcpy(out, bits, sizeof bits);
  } else if (header.wide) {
    kernels().to_wide(v, offset, header.power, out);
  } else {
    kernels().to_narrow(v, offset, header.power, out);
  }
}

double value_of(const ValueHeader& header, std::uint64_t integer) {
  if (header.pattern) return std::bit_cast<double>(integer);
  return header.wide ? wide_value(integer, header.power) : narrow_value(integer, header.power);
}

// Adds the integers of the reference, of which rows [first, last) of the block at `row` are known.
void add_reference(const double* reference, std::size_t first, std::size_t last, std::size_t row,
                   std::uint64_t* v) {
  double padded[kBlockRows] = {};
  std::copy(reference, reference + (last - first), padded + (first - row));
  kernels().add_reference(v, padded);
}

void decode_block(const ValueHeader& header, std::size_t index, std::size_t rows, std::size_t from,
                  std::size_t to, const double* reference, double* out) {
  const std::size_t row = index * kBlockRows;
  const std::size_t first = std::max(from, row);
  const std::size_t last = std::min(to, row + kBlockRows);
  if (!header.integers.constant && !header.reference) {
    if (const std::optional<std::uint64_t> integer = constant_of(header.integers, index)) {
      return kernels().fill(out + (first - from), last - first, value_of(header, *integer));
    }
  }
  std::uint64_t v[kBlockRows];
  std::uint64_t offset = header.integers.origin;
  if (header.integers.constant) {
    std::fill_n(v, kBlockRows, 0);
  } else {
    offset = unpack_integers(header.integers, index, rows, v);
  }
  if (header.reference) add_reference(reference + (first - from), first, last, row, v);
  if (last - first == kBlockRows) {
    finish(header, v, offset, out + (first - from));
    return;
  }
  double values[kBlockRows];
  finish(header, v, offset, values);
  std::copy(values + (first - row), values + (last - row), out + (first - from));
}

Status decode_rows(ByteView bytes, std::size_t rows, std::size_t from, std::size_t to,
                   const double* reference, double* out) {
  ValueHeader header;
  if (!parse_values(bytes, rows, header)) {
    return invalid_data("value column of " + std::to_string(rows) + " rows: damaged");
  }
  if (header.reference && reference == nullptr) {
    return invalid_data("value column: the column it was encoded against is missing");
  }
  if (header.integers.constant && !header.reference) {
    kernels().fill(out, to - from, value_of(header, header.integers.origin));
  } else {
    for (std::size_t b = from / kBlockRows; b * kBlockRows < to; ++b) {
      decode_block(header, b, rows, from, to, reference, out);
    }
  }
  if (header.exceptions > 0) put_exceptions(header, from, to, out);
  return {};
}

// Which rows are there in a column without repeats.
struct KeptRows {
  std::size_t count = 0;
  std::uint64_t words[kRowsMax / 64] = {};

  // How many of the first `rows` rows are kept.
  std::size_t before(std::size_t rows) const { return kernels().ones_before(words, rows); }
};

bool parse_kept(ByteReader& in, std::size_t rows, KeptRows& kept) {
  const std::uint64_t count = in.varint();
  const ByteView bitmap = in.bytes((rows + 7) / 8);
  if (!in.ok() || count == 0 || count > rows) return false;
  std::memcpy(kept.words, bitmap.data(), bitmap.size());
  kept.count = static_cast<std::size_t>(count);
  return (kept.words[0] & 1) != 0 && kept.before(rows) == kept.count;
}

// Of eight rows of which some are kept: how many of these are not behind each row.
using Reached = std::array<std::uint8_t, 8>;

constexpr std::array<Reached, 256> make_reached() {
  std::array<Reached, 256> all{};
  for (unsigned rows = 0; rows < 256; ++rows) {
    for (unsigned row = 0; row < 8; ++row) {
      all[rows][row] = static_cast<std::uint8_t>(std::popcount(rows & (0xFFU >> (7 - row))));
    }
  }
  return all;
}
constexpr std::array<Reached, 256> kReached = make_reached();

// Writes the value of each row in [from, to): of the kept one that is not behind it. `value` is
// that of row `from`. Eight rows at a time, which do not wait for each other.
void repeat_values(const KeptRows& kept, std::size_t from, std::size_t to, const double* value,
                   double* out) {
  const auto rows_at = [&](std::size_t row) { return kept.words[row / 64] >> (row % 64); };
  *out++ = *value;
  std::size_t row = from + 1;
  for (; row < to && row % 8 != 0; ++row) *out++ = *(value += rows_at(row) & 1);
  for (; row + 8 <= to; row += 8, out += 8) {
    const Reached& reached = kReached[rows_at(row) & 0xFF];
    [&]<std::size_t... I>(std::index_sequence<I...>) { ((out[I] = value[reached[I]]), ...); }
    (std::make_index_sequence<8>());
    value += reached[7];
  }
  for (; row < to; ++row) *out++ = *(value += rows_at(row) & 1);
}

Status decode_repeats(ByteView bytes, std::size_t rows, std::size_t from, std::size_t to,
                      double* out) {
  ByteReader in(bytes);
  in.byte();
  KeptRows kept;
  if (!parse_kept(in, rows, kept)) return invalid_data("value column: damaged bitmap of repeats");
  if (from == to) return {};
  const std::size_t first = kept.before(from + 1) - 1;
  const std::size_t last = kept.before(to);
  double values[kRowsMax];
  const Status status = decode_rows(in.bytes(in.left()), kept.count, first, last, nullptr, values);
  if (!status.ok()) return status;
  repeat_values(kept, from, to, values, out);
  return {};
}

}  // namespace

bool needs_reference(ByteView bytes) {
  return !bytes.empty() && bytes[0] != kHeadRepeats && (bytes[0] & kHeadReference) != 0;
}

Status decode_values(ByteView bytes, std::size_t rows, std::size_t from, std::size_t to,
                     const double* reference, double* out) {
  if (!bytes.empty() && bytes[0] == kHeadRepeats) {
    return decode_repeats(bytes, rows, from, to, out);
  }
  return decode_rows(bytes, rows, from, to, reference, out);
}

}  // namespace narthex::storage::column
