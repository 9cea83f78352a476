// SPDX-License-Identifier: Apache-2.0
#include "storage/column/value_column.hpp"

#include <algorithm>
#include <cstring>

namespace narthex::storage::column {
namespace {

// From this many bytes a row on, bit patterns may be cheaper than decimals.
constexpr std::size_t kWideRow = 4;
// A reference has to save that much: reading it costs a second column.
constexpr std::size_t kReferenceGain = 32;

bool is_stale(double value) { return std::bit_cast<std::uint64_t>(value) == NX_STALE_NAN_BITS; }

bool all_equal(std::span<const double> values) {
  return values.size() == 1 ||
         std::memcmp(values.data(), values.data() + 1, (values.size() - 1) * sizeof(double)) == 0;
}

std::uint8_t flags_with_nans(std::span<const double> values) {
  std::uint8_t flags = NX_COL_MONOTONE;
  double before = -__builtin_inf();
  for (const double value : values) {
    if (is_stale(value)) {
      flags |= NX_COL_STALE;
    } else if (value >= before) {
      before = value;
    } else {
      flags &= static_cast<std::uint8_t>(~NX_COL_MONOTONE);
      if (value < before) before = value;
    }
  }
  return flags;
}

// Rows of the exceptions as distances, and their bits unless all are staleness markers.
void put_exceptions(std::span<const double> values, const Decimals& decimals, Bytes& out) {
  const std::span rows(decimals.exception_row.data(), decimals.exceptions);
  const bool stale =
      std::all_of(rows.begin(), rows.end(), [&](std::size_t row) { return is_stale(values[row]); });
  put_varint(out, rows.size() * 2 + (stale ? 1 : 0));
  std::size_t next = 0;
  for (const std::size_t row : rows) {
    put_varint(out, row - next);
    next = row + 1;
  }
  if (stale) return;
  for (const std::size_t row : rows) put_word(out, std::bit_cast<std::uint64_t>(values[row]));
}

void put_column(std::span<const double> values, std::span<const std::uint64_t> m,
                const IntegerPlan& plan, unsigned head, const Decimals* decimals,
                IntegerScratch& scratch, Bytes& out) {
  const bool exceptions = decimals != nullptr && decimals->exceptions > 0;
  const unsigned exponent = decimals != nullptr ? decimals->exponent : 0;
  if (decimals != nullptr && decimals->wide) head |= kHeadWide;
  if (exponent != 0) head |= kHeadScaled;
  if (exceptions) head |= kHeadExceptions;
  out.push_back(static_cast<std::uint8_t>(head | head_of(plan)));
  put_scale(plan, exponent, out);
  if (exceptions) put_exceptions(values, *decimals, out);
  put_integers(m[0], m.size(), plan, scratch, out);
}

// m minus the integers of a reference, in `out`.
void subtract_reference(std::span<const std::uint64_t> m, std::span<const double> reference,
                        std::uint64_t* out) {
  for (std::size_t row = 0; row < m.size(); row += kBlockRows) {
    const std::size_t count = std::min(kBlockRows, m.size() - row);
    double padded[kBlockRows] = {};
    std::uint64_t integers[kBlockRows] = {};
    std::copy_n(reference.data() + row, count, padded);
    kernels().add_reference(integers, padded);
    for (std::size_t i = 0; i < count; ++i) out[row + i] = m[row + i] - integers[i];
  }
}

void encode_patterns(std::span<const double> values, const IntegerPlan& plan, ValueScratch& scratch,
                     Bytes& out) {
  put_column(values, {scratch.other.data(), values.size()}, plan, kHeadPattern, nullptr,
             scratch.integers, out);
}

IntegerPlan plan_patterns(std::span<const double> values, ValueScratch& scratch) {
  std::memcpy(scratch.other.data(), values.data(), values.size_bytes());
  return plan_integers({scratch.other.data(), values.size()}, Effort::kSample, scratch.integers);
}

// The candidate whose differences look cheapest, if they beat `bytes`.
std::size_t best_candidate(std::span<const std::uint64_t> m,
                           std::span<const std::span<const double>> candidates, std::size_t bytes,
                           ValueScratch& scratch) {
  std::size_t best = kNoReference;
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    subtract_reference(m, candidates[c], scratch.other.data());
    const std::size_t cost = estimate_differences({scratch.other.data(), m.size()});
    if (cost + kReferenceGain > bytes) continue;
    bytes = cost + kReferenceGain;
    best = c;
  }
  return best;
}

ValueInfo encode_decimals(std::span<const double> values, IntegerPlan plan,
                          std::span<const std::span<const double>> candidates,
                          ValueScratch& scratch, Bytes& out) {
  const Decimals& decimals = scratch.decimals;
  const std::span<const std::uint64_t> m(decimals.m.data(), values.size());
  ValueInfo info;
  if (decimals.exponent == 0 && !decimals.wide && !plan.constant) {
    info.reference = best_candidate(m, candidates, plan.bytes, scratch);
  }
  if (info.reference == kNoReference) {
    put_column(values, m, plan, 0, &decimals, scratch.integers, out);
    return info;
  }
  subtract_reference(m, candidates[info.reference], scratch.other.data());
  const std::span<const std::uint64_t> differences(scratch.other.data(), values.size());
  plan = plan_integers(differences, Effort::kSample, scratch.integers);
  put_column(values, differences, plan, kHeadReference, &decimals, scratch.integers, out);
  return info;
}

}  // namespace

std::uint8_t column_flags(std::span<const double> values) {
  bool falls = false;
  bool nan = values[0] != values[0];
  for (std::size_t i = 1; i < values.size(); ++i) {
    falls |= values[i] < values[i - 1];
    nan |= values[i] != values[i];
  }
  std::uint8_t flags = all_equal(values) ? NX_COL_CONST : 0;
  flags |= nan ? flags_with_nans(values) : falls ? 0 : NX_COL_MONOTONE;
  return flags;
}

namespace {

ValueInfo encode_rows(std::span<const double> values,
                      std::span<const std::span<const double>> candidates, ValueScratch& scratch,
                      Bytes& out) {
  if (!find_decimals(values, scratch.decimals)) {
    encode_patterns(values, plan_patterns(values, scratch), scratch, out);
    return {};
  }
  const std::span<const std::uint64_t> m(scratch.decimals.m.data(), values.size());
  IntegerPlan plan = plan_integers(m, Effort::kSample, scratch.integers);
  const std::size_t bytes = plan.bytes + scratch.decimals.exceptions * 10;
  if (bytes > values.size() * kWideRow) {
    const IntegerPlan patterns = plan_patterns(values, scratch);
    if (patterns.bytes < bytes) {
      encode_patterns(values, patterns, scratch, out);
      return {};
    }
    plan = plan_integers(m, Effort::kSample, scratch.integers);
  }
  return encode_decimals(values, plan, candidates, scratch, out);
}

// Encodes the column from `at` on once more without repeats, and keeps what is shorter.
void drop_repeats(std::span<const double> values, std::size_t at, ValueInfo& info,
                  ValueScratch& scratch, Bytes& out) {
  const std::size_t bitmap_size = (values.size() + 7) / 8;
  const std::size_t size = out.size() - at;
  if (size < 2 * bitmap_size) return;
  std::uint8_t bitmap[kRowsMax / 8] = {1};
  std::size_t kept = 1;
  scratch.kept[0] = values[0];
  for (std::size_t i = 1; i < values.size(); ++i) {
    const bool differs =
        std::bit_cast<std::uint64_t>(values[i]) != std::bit_cast<std::uint64_t>(values[i - 1]);
    bitmap[i / 8] = static_cast<std::uint8_t>(bitmap[i / 8] | (differs ? 1u << i % 8 : 0));
    scratch.kept[kept] = values[i];
    kept += differs ? 1 : 0;
  }
  // Left-out rows save about their share of the bytes, and have to pay for the bitmap.
  if ((values.size() - kept) * size < values.size() * bitmap_size * 9 / 8) return;
  Bytes& attempt = scratch.attempt;
  attempt.clear();
  attempt.push_back(kHeadRepeats);
  put_varint(attempt, kept);
  put_bytes(attempt, {bitmap, bitmap_size});
  (void)encode_rows({scratch.kept.data(), kept}, {}, scratch, attempt);
  if (attempt.size() >= size) return;
  out.resize(at);
  put_bytes(out, attempt);
  info.reference = kNoReference;
}

}  // namespace

ValueInfo encode_values(std::span<const double> values,
                        std::span<const std::span<const double>> candidates, ValueScratch& scratch,
                        Bytes& out) {
  const std::uint8_t flags = column_flags(values);
  const std::size_t at = out.size();
  ValueInfo info;
  if ((flags & NX_COL_CONST) != 0) {
    // One value stands for all: its integer or pattern is all that is stored.
    info = encode_rows(values.first(1), {}, scratch, out);
  } else {
    info = encode_rows(values, candidates, scratch, out);
    drop_repeats(values, at, info, scratch, out);
  }
  info.flags = flags;
  return info;
}

}  // namespace narthex::storage::column
