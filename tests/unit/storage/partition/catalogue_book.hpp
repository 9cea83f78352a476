// SPDX-License-Identifier: Apache-2.0
// catalogue_book.hpp - what tables hold, as a plain map: written from one, read back into one
// without the code that merges.
#pragma once

#include "storage/partition/catalogue.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <map>
#include <set>
#include <string>

namespace narthex::test {

struct BookSample {
  bool histogram = false;
  std::uint64_t value = 0;  // the bits of a double, or what histogram_of() takes
  std::int64_t start = 0;
  bool operator==(const BookSample&) const = default;
};

// By series number, then by time.
using Book = std::map<int, std::map<std::int64_t, BookSample>>;

// The series of a number: several targets, the same names in each.
struct BookLabels {
  explicit BookLabels(int number)
      : name("metric_" + std::to_string(number % 7)),
        instance("host" + std::to_string(number / 7 % 5)),
        text(std::to_string(number)) {
    labels.push_back({"__name__", name});
    if (number % 11 != 0) labels.push_back({"instance", instance});
    labels.push_back({"number", text});
  }
  BookLabels(const BookLabels&) = delete;

  std::string name;
  std::string instance;
  std::string text;
  std::vector<storage::partition::Label> labels;
};

struct BookHistogram {
  explicit BookHistogram(std::uint64_t n)
      : deltas{static_cast<std::int64_t>(n), 1, -1}, span{static_cast<std::int32_t>(n % 3), 3} {
    value.count.u = 3 * n + 1;
    value.sum = static_cast<double>(n);
    value.pos_span_count = 1;
    value.pos_bucket_count = 3;
    value.pos_spans = &span;
    value.pos.deltas = deltas;
  }
  BookHistogram(const BookHistogram&) = delete;

  std::int64_t deltas[3];
  nx_span span;
  nx_histogram value{};
};

// The number that made it, every part of it looked at.
inline std::uint64_t number_of(const nx_histogram& histogram) {
  const auto n = static_cast<std::uint64_t>(histogram.sum);
  REQUIRE(histogram.count.u == 3 * n + 1);
  REQUIRE(histogram.pos_bucket_count == 3);
  REQUIRE(histogram.pos.deltas[0] == static_cast<std::int64_t>(n));
  REQUIRE(histogram.pos.deltas[1] == 1);
  REQUIRE(histogram.pos.deltas[2] == -1);
  REQUIRE(histogram.pos_spans[0].offset == static_cast<std::int32_t>(n % 3));
  return n;
}

class FlushWriter {
 public:
  // A table of the book, in placement order; false when something failed.
  static storage::fs::Status write(storage::fs::FileSystem& files, const std::string& path,
                                   const Book& book,
                                   const storage::partition::TableOptions& options = {}) {
    auto writer = storage::partition::TableWriter::create(files, path, options);
    if (!writer.ok()) return writer.status();
    std::vector<std::unique_ptr<BookLabels>> order;
    for (const auto& [number, samples] : book) {
      if (!samples.empty()) order.push_back(std::make_unique<BookLabels>(number));
    }
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return storage::partition::placement_order(a->labels, b->labels) < 0;
    });
    for (const auto& labels : order) {
      const int number = std::stoi(labels->text);
      if (auto added = add(**writer, labels->labels, book.at(number)); !added.ok()) return added;
    }
    const auto finished = (*writer)->finish();
    return finished.ok() ? storage::fs::Status() : finished.status();
  }

 private:
  static storage::fs::Status add(storage::partition::TableWriter& writer,
                                 storage::partition::Labels labels,
                                 const std::map<std::int64_t, BookSample>& samples) {
    std::vector<std::int64_t> times, starts, histogram_times, histogram_starts;
    std::vector<double> values;
    std::vector<nx_histogram> histograms;
    std::vector<std::unique_ptr<BookHistogram>> memory;
    for (const auto& [t, sample] : samples) {
      if (sample.histogram) {
        memory.push_back(std::make_unique<BookHistogram>(sample.value));
        histograms.push_back(memory.back()->value);
        histogram_times.push_back(t);
        histogram_starts.push_back(sample.start);
      } else {
        values.push_back(std::bit_cast<double>(sample.value));
        times.push_back(t);
        starts.push_back(sample.start);
      }
    }
    const auto none = [](const std::vector<std::int64_t>& all) {
      return std::all_of(all.begin(), all.end(), [](std::int64_t start) { return start == 0; });
    };
    if (none(starts)) starts.clear();
    if (none(histogram_starts)) histogram_starts.clear();
    return writer.add(
        {labels, times, values, starts, histogram_times, histograms, histogram_starts});
  }
};

class ShownReader {
 public:
  explicit ShownReader(Book& book) : book_(book) {}

  // Reads a table over what is there: later tables hold. False when a part cannot be read.
  storage::fs::Status read(const storage::partition::Table& table,
                           const storage::partition::Tombstones* tombstones) {
    in_table_.clear();
    std::vector<int> numbers;
    storage::fs::Status status = numbers_of(table, numbers);
    if (!status.ok()) return status;
    for (std::uint32_t g = 0; g < table.groups().size(); ++g) {
      const auto& group = table.groups()[g];
      for (std::uint32_t c = 0; c < group.chunk_count; ++c) {
        const auto page = table.page(g, c);
        if (!page.ok()) return page.status();
        for (const auto& entry : (*page)->view.entries()) {
          const std::uint32_t ordinal = group.first_series + entry.slot;
          read_entry((*page)->view, entry, numbers.at(ordinal),
                     tombstones == nullptr ? std::span<const storage::partition::DeletedRange>()
                                           : tombstones->of(ordinal));
        }
      }
    }
    return {};
  }

  // The series numbers of a table by ordinal; checks that they stand in placement order.
  static storage::fs::Status numbers_of(const storage::partition::Table& table,
                                        std::vector<int>& numbers) {
    return table.identities([&](std::uint32_t first, const nx_series_table& batch) {
      REQUIRE(first == numbers.size());
      for (std::uint32_t s = 0; s < batch.series_count; ++s) {
        const std::uint32_t last = batch.label_off[s + 1] - 1;
        const nx_str& text = batch.symbols[batch.label_ref[2 * last + 1]];
        numbers.push_back(std::stoi(std::string(text.ptr, text.len)));
        const BookLabels expected(numbers.back());
        REQUIRE(batch.label_off[s + 1] - batch.label_off[s] == expected.labels.size());
        if (numbers.size() == 1) continue;
        const BookLabels before(numbers[numbers.size() - 2]);
        REQUIRE(storage::partition::placement_order(before.labels, expected.labels) < 0);
      }
    });
  }

 private:
  void read_entry(const storage::column::PageView& view, const storage::column::PageEntry& entry,
                  int number, std::span<const storage::partition::DeletedRange> deleted) {
    std::vector<std::int64_t> times(entry.rows()), starts(entry.rows());
    REQUIRE(view.times(entry.time_column, entry.row0, entry.row1, times.data()).ok());
    REQUIRE(view.starts(entry, entry.row0, entry.row1, starts.data()).ok());
    std::vector<double> values(entry.rows());
    storage::column::HistogramRows histograms;
    if (entry.histogram) {
      REQUIRE(view.histograms(entry, entry.row0, entry.row1, histograms).ok());
    } else {
      REQUIRE(view.values(entry, entry.row0, entry.row1, values.data()).ok());
    }
    for (std::size_t i = 0; i < times.size(); ++i) {
      REQUIRE(in_table_.emplace(number, times[i]).second);
      if (storage::partition::is_deleted(deleted, times[i])) continue;
      const std::uint64_t value =
          entry.histogram ? number_of(histograms.rows[i]) : std::bit_cast<std::uint64_t>(values[i]);
      book_[number][times[i]] = {entry.histogram, value, starts[i]};
    }
  }

  Book& book_;
  std::set<std::pair<int, std::int64_t>> in_table_;  // every time once
};

// All that a catalogue shows. Every table must be readable.
inline Book book_of(storage::partition::Catalogue& catalogue) {
  Book book;
  ShownReader reader(book);
  for (const auto& entry : *catalogue.tables()) {
    const auto table = catalogue.open_table(entry);
    INFO(table.status().message());
    REQUIRE(table.ok());
    REQUIRE(reader.read(**table, entry->tombstones().get()).ok());
  }
  return book;
}

// Deletes from every table, as the backend does.
inline storage::fs::Status delete_range(storage::partition::Catalogue& catalogue, int number,
                                        storage::partition::DeletedRange range) {
  for (const auto& entry : *catalogue.tables()) {
    const auto table = catalogue.open_table(entry);
    if (!table.ok()) return table.status();
    std::vector<int> numbers;
    if (auto status = ShownReader::numbers_of(**table, numbers); !status.ok()) return status;
    const auto at = std::find(numbers.begin(), numbers.end(), number);
    if (at == numbers.end()) continue;
    const auto before = entry->tombstones();
    storage::partition::Tombstones tombstones;
    if (before != nullptr) tombstones = *before;
    tombstones.add(static_cast<std::uint32_t>(at - numbers.begin()), range);
    auto set = catalogue.set_tombstones(entry, std::move(tombstones));
    if (!set.ok()) return set;
  }
  return {};
}

}  // namespace narthex::test
