// SPDX-License-Identifier: Apache-2.0
// wal_bench.cpp - bytes a sample and nanoseconds a sample of records of the log: rows of each kind
// of series and of all kinds, samples by ref in both shapes of remote write.
#include "bench/column/series_shapes.hpp"

#include "storage/wal/record_reader.hpp"
#include "storage/wal/series_record.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace narthex::storage::wal {
namespace {

using column::Shape;

constexpr int kRounds = 7;
constexpr std::size_t kRows = 1024;
constexpr std::int64_t kStep = 15'000;

// Adds up what it is told, so that nothing is left out.
class Sum final : public ReplayVisitor {
 public:
  void segment(std::uint64_t, bool) override {}
  void series(std::uint32_t, std::span<const LabelView> labels) override { sum += labels.size(); }
  void layout(std::uint64_t, std::span<const std::uint32_t>) override {}
  void row(std::uint64_t, std::int64_t t, std::span<const std::uint64_t> bits,
           const std::uint64_t*) override {
    for (const std::uint64_t b : bits) sum += b;
    sum += static_cast<std::uint64_t>(t) * bits.size();
  }
  void samples(std::span<const LoggedRun> runs) override {
    for (const LoggedRun& run : runs) {
      for (const std::int64_t t : run.t) sum += static_cast<std::uint64_t>(t);
      for (const std::uint64_t b : run.bits) sum += b;
    }
  }
  void histogram(std::uint32_t, std::int64_t, const nx_histogram&) override {}
  void start(std::uint32_t, std::int64_t, std::int64_t) override {}
  void exemplar(const LoggedExemplar&) override {}
  void metadata(const LoggedMetadata&) override {}
  void erase(std::span<const std::uint32_t>, std::int64_t, std::int64_t) override {}

  std::uint64_t sum = 0;
};

// Where records go: kept to be read, or written over as an appender's buffer is.
struct Payloads {
  std::uint8_t type = 0;
  bool keep = true;
  std::vector<Bytes> records;
  Bytes buffer;

  Bytes& next() {
    if (keep) return records.emplace_back();
    buffer.clear();
    return buffer;
  }
};

double best_ns(const std::function<void()>& work) {
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
  }
  return best;
}

void report(const std::string& name, std::uint64_t expected, std::size_t samples,
            const std::function<void(Payloads&)>& encode) {
  Payloads made;
  encode(made);
  std::size_t bytes = 0;
  for (const Bytes& record : made.records) bytes += record.size();
  Payloads over;
  over.keep = false;
  const double encode_ns = best_ns([&] { encode(over); });
  std::uint64_t got = 0;
  const double decode_ns = best_ns([&] {
    Sum sum;
    RecordReader reader(sum);
    for (const Bytes& record : made.records) reader.read(1, made.type, record);
    got = sum.sum;
  });
  const auto count = static_cast<double>(samples);
  std::printf("%-32s %7.3f B a sample; encode %6.2f ns, decode %6.2f ns%s\n", name.c_str(),
              static_cast<double>(bytes) / count, encode_ns / count, decode_ns / count,
              got == expected ? "" : "  WRONG");
}

// The values of a shape as rows, series by series repeated until `width` slots are filled.
std::vector<std::vector<std::uint64_t>> rows_of(const Shape& shape) {
  std::size_t count = kRows;
  for (const auto& values : shape.series) count = std::min(count, values.size());
  std::vector<std::vector<std::uint64_t>> rows(count);
  for (std::size_t r = 0; r < count; ++r) {
    for (const auto& values : shape.series) {
      rows[r].push_back(std::bit_cast<std::uint64_t>(values[r]));
    }
  }
  return rows;
}

std::int64_t time_of(std::size_t row) {
  return 1'760'000'000'000 + kStep * static_cast<std::int64_t>(row);
}

std::uint64_t sum_of(const std::vector<std::vector<std::uint64_t>>& rows) {
  std::uint64_t sum = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const std::uint64_t bits : rows[r]) sum += bits;
    sum += static_cast<std::uint64_t>(time_of(r)) * rows[r].size();
  }
  return sum;
}

void measure_rows(const Shape& shape) {
  const auto rows = rows_of(shape);
  if (rows.empty()) return;
  report("rows: " + shape.name, sum_of(rows), rows.size() * shape.series.size(),
         [&](Payloads& out) {
           out.type = static_cast<std::uint8_t>(RecordType::kRow);
           RowState state;
           for (std::size_t r = 0; r < rows.size(); ++r) {
             encode_row(1, time_of(r), rows[r], nullptr, 1, state, out.next());
           }
         });
}

// `series` refs with `each` samples a record, the shape's series in turn.
void measure_samples(const Shape& shape, std::size_t series, std::size_t each) {
  const auto rows = rows_of(shape);
  if (rows.empty()) return;
  const std::size_t width = shape.series.size();
  const std::size_t records = rows.size() / each;
  std::uint64_t expected = 0;
  for (std::size_t r = 0; r < records * each; ++r) {
    for (std::size_t s = 0; s < series; ++s) {
      expected += rows[r][s % width] + static_cast<std::uint64_t>(time_of(r)) + s / 500;
    }
  }
  const std::string name =
      "samples " + std::to_string(series) + " x " + std::to_string(each) + ": " + shape.name;
  report(name, expected, records * each * series, [&](Payloads& out) {
    out.type = static_cast<std::uint8_t>(RecordType::kSamples);
    SamplesStream stream;
    SamplesEncoder encoder;
    std::vector<SampleState> states(series);
    for (std::size_t record = 0; record < records; ++record) {
      encoder.begin(stream, 1);
      for (std::size_t s = 0; s < series; ++s) {
        for (std::size_t r = record * each; r < (record + 1) * each; ++r) {
          // Every 500 series are another target, scraped a little later.
          encoder.add(static_cast<std::uint32_t>(s),
                      time_of(r) + static_cast<std::int64_t>(s / 500), rows[r][s % width],
                      states[s]);
        }
      }
      encoder.finish(out.next());
    }
  });
}

void measure_series() {
  constexpr std::size_t kTargets = 100;
  constexpr std::size_t kEach = 500;
  Bytes out;
  SeriesEncoder encoder;
  const auto encode = [&] {
    out.clear();
    for (std::size_t i = 0; i < kTargets * kEach; ++i) {
      const std::string metric = "node_metric_" + std::to_string(i % kEach / 4) + "_total";
      const std::string mode = "mode" + std::to_string(i % 4);
      const std::string target = "host" + std::to_string(i / kEach) + ".example.org:9100";
      const LabelView labels[] = {
          {"__name__", metric}, {"instance", target}, {"job", "node"}, {"mode", mode}};
      encoder.add(static_cast<std::uint32_t>(i), labels);
    }
    encoder.finish(out);
  };
  const double encode_ns = best_ns(encode);
  Sum sum;
  RecordReader reader(sum);
  const double decode_ns = best_ns([&] { reader.read(1, 1, out); });
  const double count = kTargets * kEach;
  std::printf("%-32s %7.3f B a series; encode %6.0f ns, decode %6.0f ns\n", "series",
              static_cast<double>(out.size()) / count, encode_ns / count, decode_ns / count);
}

int run() {
  std::vector<Shape> shapes = column::made_shapes(kRows);
  Shape all{"all kinds", {}, false};
  for (const Shape& shape : shapes) {
    measure_rows(shape);
    all.series.insert(all.series.end(), shape.series.begin(), shape.series.end());
  }
  measure_rows(all);
  measure_samples(all, 2000, 1);
  measure_samples(all, 100, 20);
  if (const char* path = std::getenv("NARTHEX_BENCH_DATA")) {
    const Shape file = column::shape_of_file(path, kRows);
    measure_rows(file);
    measure_samples(file, 2000, 1);
    measure_samples(file, 100, 20);
  }
  measure_series();
  return 0;
}

}  // namespace
}  // namespace narthex::storage::wal

int main() { return narthex::storage::wal::run(); }
