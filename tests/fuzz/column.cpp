// SPDX-License-Identifier: Apache-2.0
// column.cpp - the first byte says what the rest is: a column or a page to decode, or values to
// encode, which must come back bit for bit.
#include "storage/checksum/crc32c.hpp"
#include "storage/column/page_builder.hpp"
#include "storage/column/page_view.hpp"

#include <algorithm>
#include <cstdlib>

namespace narthex::storage::column {
namespace {

double values_out[kRowsMax];
std::int64_t times_out[kRowsMax];
const double zeros[kRowsMax] = {};

struct Input {
  std::size_t rows;
  std::size_t from;
  std::size_t to;
  ByteView bytes;
};

Input input_of(storage::ByteReader& in) {
  Input input{};
  input.rows = 1 + in.word<std::uint16_t>() % kRowsMax;
  input.from = in.word<std::uint16_t>() % (input.rows + 1);
  input.to = input.from + in.word<std::uint16_t>() % (input.rows - input.from + 1);
  input.bytes = in.bytes(in.left());
  return input;
}

void decode_columns(const Input& input) {
  (void)decode_values(input.bytes, input.rows, input.from, input.to, zeros, values_out);
  (void)decode_values(input.bytes, input.rows, input.from, input.to, nullptr, values_out);
  (void)decode_times(input.bytes, input.rows, input.from, input.to, times_out);
  HistogramRows histograms;
  (void)decode_histograms(input.bytes, input.rows, input.from, input.to, histograms);
}

// The fuzzer cannot guess a checksum, so it gets one.
void open_page(ByteView bytes) {
  Bytes page(4);
  put_bytes(page, bytes);
  const std::uint32_t crc = crc32c(bytes);
  std::memcpy(page.data(), &crc, sizeof crc);
  PageView view;
  if (!view.open(page).ok()) return;
  for (std::uint32_t c = 0; c < view.time_column_count(); ++c) {
    (void)view.times(c, 0, view.rows(c), times_out);
  }
  for (const PageEntry& entry :
       view.entries().first(std::min<std::size_t>(64, view.entries().size()))) {
    HistogramRows histograms;
    (void)view.values(entry, entry.row0, entry.row1, values_out);
    (void)view.histograms(entry, entry.row0, entry.row1, histograms);
    (void)view.starts(entry, entry.row0, entry.row1, times_out);
  }
}

void must(bool holds) {
  if (!holds) std::abort();
}

// Words, or small decimals, so that every transform is reached.
std::vector<double> values_of(storage::ByteReader& in, bool small) {
  std::vector<double> values;
  while (in.left() >= (small ? 2 : 8) && values.size() < kRowsMax) {
    const double before = values.empty() ? 0 : values.back();
    values.push_back(small ? before + static_cast<double>(in.word<std::int16_t>()) / 10
                           : std::bit_cast<double>(in.word<std::uint64_t>()));
  }
  return values;
}

void encode(storage::ByteReader& in, bool small) {
  static ValueScratch scratch;
  const std::vector<double> values = values_of(in, small);
  if (values.empty()) return;
  const std::vector<double> reversed(values.rbegin(), values.rend());
  const std::span<const double> candidates[] = {reversed};
  Bytes bytes;
  const ValueInfo info = encode_values(values, candidates, scratch, bytes);
  const double* reference = info.reference == kNoReference ? nullptr : reversed.data();
  must(decode_values(bytes, values.size(), 0, values.size(), reference, values_out).ok());
  must(std::memcmp(values_out, values.data(), values.size() * sizeof(double)) == 0);
  std::vector<std::uint64_t> m(values.size());
  std::memcpy(m.data(), values.data(), m.size() * sizeof m[0]);
  Bytes integers;
  encode_integers(m, Effort::kSample, scratch.integers, integers);
  storage::ByteReader reader(integers);
  std::vector<std::uint64_t> out(m.size());
  must(decode_integers(reader, m.size(), 0, m.size(), out.data()).ok());
  must(out == m && reader.left() == 0);
}

}  // namespace
}  // namespace narthex::storage::column

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace narthex::storage::column;
  narthex::storage::ByteReader in({data, size});
  switch (in.byte() % 4) {
    case 0:
      decode_columns(input_of(in));
      break;
    case 1:
      open_page(in.bytes(in.left()));
      break;
    case 2:
      encode(in, false);
      break;
    default:
      encode(in, true);
  }
  return 0;
}
