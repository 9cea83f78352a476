// SPDX-License-Identifier: Apache-2.0
// series_book.hpp - random series of every shape, kept as plain vectors: what a table must give
// back.
#pragma once

#include "storage/partition/table.hpp"

#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace narthex::test {

struct BookSeries {
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<storage::partition::Label> label_views;
  std::vector<std::int64_t> times;
  std::vector<double> values;
  std::vector<std::int64_t> starts;
  std::vector<std::int64_t> histogram_times;
  std::vector<nx_histogram> histograms;
  std::vector<std::int64_t> histogram_starts;
  // What the histograms point to.
  std::deque<std::vector<nx_span>> spans;
  std::deque<std::vector<double>> numbers;
  std::deque<std::vector<std::int64_t>> deltas;

  storage::partition::SeriesSamples view() const;
};

struct BookOptions {
  std::size_t series = 200;
  std::size_t rows_max = 3000;
  bool histograms = true;
};

// In placement order. Books are not copied: label views look at their labels.
std::vector<BookSeries> make_book(std::uint64_t seed, const BookOptions& options);

storage::fs::Result<storage::partition::TableFigures> write_table(
    storage::fs::FileSystem& files, const std::string& path, const std::vector<BookSeries>& book,
    const storage::partition::TableOptions& options);

// What reading all of a table came to.
struct Reading {
  std::size_t errors = 0;   // calls that said so
  std::string wrong;        // the first thing that was not as in the book, without any error
  std::size_t samples = 0;  // read and right
};

Reading read_table(const storage::partition::Table& table, const std::vector<BookSeries>& book);

}  // namespace narthex::test
