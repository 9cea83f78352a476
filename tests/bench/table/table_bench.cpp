// SPDX-License-Identifier: Apache-2.0
// table_bench.cpp - what a table of a few targets takes: bytes a sample on the disk, everything
// included, and time to write and to read it. NARTHEX_BENCH_FOLDER: where it is written.
#include "target_series.hpp"

#include "storage/partition/table.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace narthex::storage::partition {
namespace {

constexpr unsigned kTargets = 4;

struct Input {
  std::vector<std::vector<std::int64_t>> times;  // of each target
  std::vector<std::vector<Label>> labels;
  std::vector<std::vector<TargetSeries>> targets;
  std::vector<SeriesSamples> series;  // in placement order
};

// Scrapes are a few milliseconds late, each by its own.
std::vector<std::int64_t> times_of(unsigned target, std::size_t rows) {
  std::mt19937_64 random(target);
  std::vector<std::int64_t> times(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    times[row] = 1'760'000'000'000 + target * 977 + static_cast<std::int64_t>(row) * 15'000 +
                 static_cast<std::int64_t>(random() % 3);
  }
  return times;
}

Input make_input(std::size_t rows) {
  Input input;
  for (unsigned target = 0; target < kTargets; ++target) {
    input.times.push_back(times_of(target, rows));
    input.targets.push_back(make_target(target, rows));
  }
  for (unsigned target = 0; target < kTargets; ++target) {
    for (const TargetSeries& made : input.targets[target]) {
      auto& labels = input.labels.emplace_back();
      for (const auto& [name, value] : made.labels) labels.push_back({name, value});
      SeriesSamples series{};
      series.labels = labels;
      series.times = input.times[target];
      series.values = made.values;
      input.series.push_back(series);
    }
  }
  std::ranges::sort(input.series, [](const SeriesSamples& a, const SeriesSamples& b) {
    return placement_order(a.labels, b.labels) < 0;
  });
  return input;
}

template <class Work>
double seconds_of(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

template <class T>
T must(fs::Result<T> result) {
  if (result.ok()) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.status().message().c_str());
  std::exit(1);
}

TableFigures write(const Input& input, const std::string& path) {
  auto writer = must(TableWriter::create(fs::posix_file_system(), path, {}));
  for (const SeriesSamples& series : input.series) {
    if (!writer->add(series).ok()) std::exit(1);
  }
  return must(writer->finish());
}

// Every `nth` series; the number of samples read.
std::uint64_t read(const Table& table, std::uint32_t nth) {
  std::uint64_t samples = 0;
  std::vector<double> values(column::kRowsMax);
  std::vector<std::int64_t> times(column::kRowsMax);
  for (std::uint32_t g = 0; g < table.groups().size(); ++g) {
    const TableGroup& group = table.groups()[g];
    const std::uint32_t first = (nth - group.first_series % nth) % nth;
    if (first >= group.series_count) continue;
    for (std::uint32_t c = 0; c < group.chunk_count; ++c) {
      const auto page = must(table.page(g, c));
      const column::PageView& view = page->view;
      std::uint32_t read_times = UINT32_MAX;
      for (std::uint32_t slot = first; slot < group.series_count; slot += nth) {
        for (const column::PageEntry& entry : view.find(slot)) {
          if (!view.values(entry, entry.row0, entry.row1, values.data()).ok()) std::exit(1);
          samples += entry.rows();
          if (read_times == entry.time_column) continue;
          read_times = entry.time_column;
          if (!view.times(read_times, 0, view.rows(read_times), times.data()).ok()) std::exit(1);
        }
      }
    }
  }
  return samples;
}

double million_a_second(const Table& table, std::uint32_t nth) {
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    std::uint64_t samples = 0;
    const double took = seconds_of([&] { samples = read(table, nth); });
    best = std::max(best, static_cast<double>(samples) / took / 1e6);
  }
  return best;
}

void measure(std::size_t rows, const std::string& path) {
  const Input input = make_input(rows);
  TableFigures figures;
  double took = 1e9;
  for (int round = 0; round < 3; ++round) {
    took = std::min(took, seconds_of([&] { figures = write(input, path); }));
  }
  const auto table = must(Table::open(fs::posix_file_system(), path));
  const auto samples = static_cast<double>(figures.samples);
  const double all = million_a_second(*table, 1);
  std::printf("%8zu %8zu %8zu %10.3f %10.1f %10.0f %10.0f\n", rows, table->groups().size(),
              table->chunks().size(), static_cast<double>(figures.bytes) / samples,
              took * 1e9 / samples, all, million_a_second(*table, 50));
}

// A million series with one sample each: what label sets cost.
void measure_identities(const std::string& path) {
  constexpr unsigned kMany = 1000;
  const std::vector<TargetSeries> target = make_target(0, 1);
  const std::vector<std::int64_t> time = {1'760'000'000'000};
  const std::vector<double> value = {1};
  std::vector<std::vector<Label>> sets;
  std::vector<std::string> instances;
  for (unsigned i = 0; i < kMany; ++i) instances.push_back("host-" + std::to_string(i) + ":9100");
  for (const TargetSeries& made : target) {
    auto& labels = sets.emplace_back();
    for (const auto& [name, text] : made.labels) labels.push_back({name, text});
  }
  std::ranges::sort(sets, [](Labels a, Labels b) { return placement_order(a, b) < 0; });
  std::ranges::sort(instances);
  auto writer = must(TableWriter::create(fs::posix_file_system(), path, {}));
  const double wrote = seconds_of([&] {
    for (const std::string& instance : instances) {
      for (auto& labels : sets) {
        for (Label& label : labels) {
          if (label.name == "instance") label.value = instance;
        }
        SeriesSamples series{};
        series.labels = labels;
        series.times = time;
        series.values = value;
        if (!writer->add(series).ok()) std::exit(1);
      }
    }
    must(writer->finish());
  });
  const auto table = must(Table::open(fs::posix_file_system(), path));
  std::uint64_t pairs = 0;
  const double took = seconds_of([&] {
    const auto status = table->identities([&](std::uint32_t, const nx_series_table& block) {
      pairs += block.label_off[block.series_count];
    });
    if (!status.ok()) std::exit(1);
  });
  std::printf(
      "%zu series of one sample: %.2f B each with label set and page, written in %.2f s; "
      "%zu labels read in %.3f s\n",
      static_cast<std::size_t>(table->figures().series),
      static_cast<double>(table->figures().bytes) / static_cast<double>(table->figures().series),
      wrote, static_cast<std::size_t>(pairs), took);
}

}  // namespace
}  // namespace narthex::storage::partition

int main() {
  using namespace narthex::storage::partition;
  const char* folder = std::getenv("NARTHEX_BENCH_FOLDER");
  const std::string path =
      std::string(folder == nullptr ? "/tmp" : folder) + "/narthex_bench.table";
  std::printf("%8s %8s %8s %10s %10s %10s %10s\n", "rows", "groups", "pages", "B/sample",
              "write ns", "read M/s", "1 in 50");
  for (const std::size_t rows : {240u, 480u, 1024u, 5120u}) measure(rows, path);
  measure_identities(path);
  std::remove(path.c_str());
  return 0;
}
