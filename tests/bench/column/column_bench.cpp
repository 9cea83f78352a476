// SPDX-License-Identifier: Apache-2.0
// column_bench.cpp - bytes a sample and nanoseconds a sample of value columns by kind of series.
#include "series_shapes.hpp"

#include "storage/column/value_column.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace narthex::storage::column {
namespace {

constexpr int kRounds = 9;

template <class Work>
double best_ns(const Work& work) {
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
  }
  return best;
}

struct Encoded {
  Bytes bytes;
  std::size_t reference = kNoReference;  // index of the series
};

std::vector<Encoded> encode_all(const Shape& shape, ValueScratch& scratch) {
  std::vector<Encoded> columns;
  for (std::size_t s = 0; s < shape.series.size(); ++s) {
    std::vector<std::span<const double>> candidates;
    for (std::size_t c = s < 3 ? 0 : s - 3; shape.neighbours && c < s; ++c) {
      const bool plain = columns[c].reference == kNoReference;
      if (plain && shape.series[c].size() == shape.series[s].size()) {
        candidates.push_back(shape.series[c]);
      }
    }
    Encoded column;
    const ValueInfo info = encode_values(shape.series[s], candidates, scratch, column.bytes);
    if (info.reference != kNoReference) {
      for (std::size_t c = s < 3 ? 0 : s - 3; c < s; ++c) {
        if (shape.series[c].data() == candidates[info.reference].data()) column.reference = c;
      }
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

void measure(const Shape& shape) {
  const auto scratch = std::make_unique<ValueScratch>();
  std::size_t samples = 0;
  std::size_t bytes = 0;
  for (const auto& values : shape.series) samples += values.size();
  const std::vector<Encoded> columns = encode_all(shape, *scratch);
  std::size_t wrong = 0;
  std::array<double, kRowsMax> out;
  for (std::size_t s = 0; s < columns.size(); ++s) {
    const auto& values = shape.series[s];
    const std::size_t reference = columns[s].reference;
    const double* from = reference == kNoReference ? nullptr : shape.series[reference].data();
    const Status status =
        decode_values(columns[s].bytes, values.size(), 0, values.size(), from, out.data());
    if (!status.ok() || std::memcmp(out.data(), values.data(), values.size() * 8) != 0) ++wrong;
    bytes += columns[s].bytes.size();
  }
  const double encode_ns = best_ns([&] { (void)encode_all(shape, *scratch); });
  const double decode_ns = best_ns([&] {
    for (std::size_t s = 0; s < columns.size(); ++s) {
      const auto& values = shape.series[s];
      const std::size_t reference = columns[s].reference;
      const double* from = reference == kNoReference ? nullptr : shape.series[reference].data();
      (void)decode_values(columns[s].bytes, values.size(), 0, values.size(), from, out.data());
    }
  });
  const auto count = static_cast<double>(samples);
  std::printf("%-22s %7.3f B a sample; encode %6.2f ns, decode %6.3f ns = %6.0f M/s%s\n",
              shape.name.c_str(), static_cast<double>(bytes) / count, encode_ns / count,
              decode_ns / count, 1e3 * count / decode_ns, wrong == 0 ? "" : "  WRONG");
}

}  // namespace
}  // namespace narthex::storage::column

int main() {
  using namespace narthex::storage::column;
  for (const std::size_t rows : {240, 1024}) {
    std::printf("-- %zu rows a column\n", rows);
    for (const Shape& shape : made_shapes(rows)) measure(shape);
    if (const char* path = std::getenv("NARTHEX_BENCH_DATA")) {
      measure(shape_of_file(path, rows));
    }
  }
}
