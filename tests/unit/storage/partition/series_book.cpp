// SPDX-License-Identifier: Apache-2.0
#include "series_book.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace narthex::test {

using namespace storage;             // NOLINT
using namespace storage::partition;  // NOLINT

namespace {

using Random = std::mt19937_64;
using Times = std::vector<std::int64_t>;

Times make_times(Random& random, std::size_t rows) {
  Times times(rows);
  std::int64_t t = static_cast<std::int64_t>(random() % 2'000'000'000) - 1'000'000'000;
  const std::int64_t step = random() % 3 == 0 ? 1 : 15'000;
  for (std::int64_t& time : times) {
    time = t;
    t += step + static_cast<std::int64_t>(random() % 4 == 0 ? random() % 30 : 0);
  }
  return times;
}

std::vector<double> make_values(Random& random, std::size_t rows) {
  std::vector<double> values(rows);
  const auto kind = random() % 5;
  double sum = 0;
  for (double& v : values) {
    switch (kind) {
      case 0:
        v = 17;
        break;
      case 1:
        v = sum += static_cast<double>(random() % 1000);
        break;
      case 2:
        v = static_cast<double>(random() % 10'000) / 100;
        break;
      case 3:  // NaN payloads, infinities, negative zeros among them
        v = std::bit_cast<double>(random() % 3 == 0 ? random() | 0x7FF0'0000'0000'0000 : random());
        break;
      default:
        v = random() % 50 == 0 ? std::bit_cast<double>(NX_STALE_NAN_BITS) : -0.0;
    }
  }
  return values;
}

nx_histogram make_layout(Random& random, BookSeries& series) {
  nx_histogram h{};
  h.is_float = random() % 2;
  const bool custom = random() % 3 == 0;
  h.pos_bucket_count = custom ? 6 : static_cast<std::uint32_t>(random() % 20);
  h.neg_bucket_count = custom ? 0 : static_cast<std::uint32_t>(random() % 5);
  h.schema = custom ? NX_SCHEMA_CUSTOM : static_cast<std::int32_t>(random() % 13) - 4;
  if (custom) {
    h.custom_value_count = 5;
    h.custom_values = series.numbers.emplace_back(std::vector<double>{0.1, 0.2, 0.5, 1, 2}).data();
  } else {
    h.zero_threshold = 0x1p-128;
  }
  auto& spans = series.spans.emplace_back(
      std::vector<nx_span>{{-2, h.pos_bucket_count}, {1, h.neg_bucket_count}});
  h.pos_span_count = h.pos_bucket_count != 0;
  h.neg_span_count = h.neg_bucket_count != 0;
  h.pos_spans = spans.data();
  h.neg_spans = spans.data() + 1;
  return h;
}

void add_histogram(Random& random, BookSeries& series, nx_histogram h) {
  const std::size_t buckets = std::size_t{h.pos_bucket_count} + h.neg_bucket_count;
  h.reset_hint = static_cast<std::uint8_t>(random() % 4);
  h.sum = static_cast<double>(random() % 1000) / 4;
  if (h.is_float != 0) {
    h.count.f = static_cast<double>(random() % 99);
    h.zero_count.f = 0.5;
    auto& counts = series.numbers.emplace_back(buckets);
    for (double& c : counts) c = static_cast<double>(random() % 9) / 2;
    h.pos.counts = counts.data();
    h.neg.counts = counts.data() + h.pos_bucket_count;
  } else {
    h.count.u = random() % 99;
    h.zero_count.u = 3;
    auto& deltas = series.deltas.emplace_back(buckets);
    for (auto& d : deltas) d = static_cast<std::int64_t>(random() % 50) - 20;
    h.pos.deltas = deltas.data();
    h.neg.deltas = deltas.data() + h.pos_bucket_count;
  }
  series.histograms.push_back(h);
}

// Rows of times[0..n) that go to the histograms; the others stay with the floats.
void split_off_histograms(Random& random, BookSeries& series) {
  nx_histogram layout = make_layout(random, series);
  Times floats;
  const bool all = random() % 2 == 0;
  for (const std::int64_t t : series.times) {
    if (!all && random() % 2 == 0) {
      floats.push_back(t);
      continue;
    }
    if (random() % 200 == 0) layout = make_layout(random, series);
    series.histogram_times.push_back(t);
    add_histogram(random, series, layout);
  }
  series.times = floats;
}

Times make_starts(Random& random, const Times& times) {
  Times starts(times);
  for (auto& t : starts) t = random() % 5 == 0 ? 0 : t - 1000;
  return starts;
}

// A length of every magnitude; now and then the longest.
std::size_t any_rows(Random& random, std::size_t rows_max) {
  if (random() % 40 == 0) return rows_max;
  std::size_t rows = 1 + random() % rows_max;
  while (random() % 3 != 0 && rows > 1) rows /= 4;
  return std::max<std::size_t>(rows, 1);
}

BookSeries make_series(Random& random, const BookOptions& options, std::vector<Times>& shared,
                       std::size_t number) {
  BookSeries series;
  series.labels.emplace_back("__name__", "metric_" + std::to_string(number % 37));
  if (random() % 8 != 0) series.labels.emplace_back("instance", std::to_string(random() % 5));
  if (random() % 8 != 0) series.labels.emplace_back("job", std::to_string(random() % 3));
  series.labels.emplace_back("number", std::to_string(number));
  if (random() % 4 == 0) series.labels.emplace_back("zone", std::string(random() % 40, 'z') + "1");
  if (random() % 3 == 0 || shared.empty()) {
    shared.push_back(make_times(random, any_rows(random, options.rows_max)));
  }
  series.times = shared[random() % shared.size()];
  if (random() % 4 == 0) {  // born later, or died earlier
    const std::size_t from = random() % series.times.size();
    const std::size_t to = from + 1 + random() % (series.times.size() - from);
    series.times.erase(series.times.begin() + static_cast<std::ptrdiff_t>(to), series.times.end());
    series.times.erase(series.times.begin(),
                       series.times.begin() + static_cast<std::ptrdiff_t>(from));
  }
  if (options.histograms && random() % 6 == 0) split_off_histograms(random, series);
  series.values = make_values(random, series.times.size());
  if (random() % 4 == 0) series.starts = make_starts(random, series.times);
  if (random() % 4 == 0) series.histogram_starts = make_starts(random, series.histogram_times);
  return series;
}

template <class T>
bool same(const T* a, const T* b, std::size_t count) {
  return count == 0 || std::memcmp(a, b, count * sizeof *a) == 0;
}

bool same_histogram(const nx_histogram& a, const nx_histogram& b) {
  return a.schema == b.schema && a.is_float == b.is_float && a.reset_hint == b.reset_hint &&
         same(&a.zero_threshold, &b.zero_threshold, 1) && a.count.u == b.count.u &&
         a.zero_count.u == b.zero_count.u && same(&a.sum, &b.sum, 1) &&
         a.pos_span_count == b.pos_span_count && a.neg_span_count == b.neg_span_count &&
         a.pos_bucket_count == b.pos_bucket_count && a.neg_bucket_count == b.neg_bucket_count &&
         a.custom_value_count == b.custom_value_count &&
         same(a.pos_spans, b.pos_spans, a.pos_span_count) &&
         same(a.neg_spans, b.neg_spans, a.neg_span_count) &&
         same(a.pos.deltas, b.pos.deltas, a.pos_bucket_count) &&
         same(a.neg.deltas, b.neg.deltas, a.neg_bucket_count) &&
         same(a.custom_values, b.custom_values, a.custom_value_count);
}

// How far the floats and the histograms of a series have been read.
struct Progress {
  std::size_t floats = 0;
  std::size_t histograms = 0;
  bool lost = false;  // an error was met: nothing more is known
};

class SeriesReader {
 public:
  SeriesReader(const Table& table, const std::vector<BookSeries>& book)
      : table_(table), book_(book), progress_(book.size()) {}

  Reading read() {
    if (table_.figures().series != book_.size()) return {0, "the number of series", 0};
    read_labels();
    for (std::uint32_t g = 0; g < table_.groups().size(); ++g) read_group(g);
    for (std::size_t s = 0; s < book_.size(); ++s) {
      const Progress& at = progress_[s];
      const bool all =
          at.floats == book_[s].times.size() && at.histograms == book_[s].histograms.size();
      if (!at.lost && !all) wrong(s, "samples are missing");
    }
    return reading_;
  }

 private:
  void wrong(std::size_t series, const std::string& what) {
    if (reading_.wrong.empty()) reading_.wrong = "series " + std::to_string(series) + ": " + what;
  }

  void read_labels() {
    std::uint32_t next = 0;
    const auto status = table_.identities([&](std::uint32_t first, const nx_series_table& block) {
      if (first != next) wrong(first, "ordinal");
      for (std::uint32_t s = 0; s < block.series_count; ++s) check_labels(first + s, block, s);
      next = first + block.series_count;
    });
    if (!status.ok()) ++reading_.errors;
    if (status.ok() && next != book_.size()) wrong(next, "labels are missing");
  }

  void check_labels(std::uint32_t ordinal, const nx_series_table& block, std::uint32_t s) {
    std::vector<std::pair<std::string, std::string>> labels;
    for (std::uint32_t p = block.label_off[s]; p < block.label_off[s + 1]; ++p) {
      const nx_str& name = block.symbols[block.label_ref[2 * p]];
      const nx_str& value = block.symbols[block.label_ref[2 * p + 1]];
      labels.emplace_back(std::string(name.ptr, name.len), std::string(value.ptr, value.len));
    }
    if (labels != book_[ordinal].labels) wrong(ordinal, "labels");
  }

  void read_group(std::uint32_t g) {
    const TableGroup& group = table_.groups()[g];
    for (std::uint32_t c = 0; c < group.chunk_count; ++c) {
      const auto page = table_.page(g, c);
      if (!page.ok()) {
        ++reading_.errors;
        for (std::uint32_t s = 0; s < group.series_count; ++s) {
          progress_[group.first_series + s].lost = true;
        }
        return;
      }
      for (const auto& entry : (*page)->view.entries()) {
        read_entry((*page)->view, entry, group.first_series + entry.slot,
                   table_.chunks()[group.first_chunk + c]);
      }
    }
    if (table_.group_of(group.first_series + group.series_count - 1) != g) wrong(g, "group_of");
  }

  void read_entry(const column::PageView& view, const column::PageEntry& entry, std::size_t s,
                  const TableChunk& chunk) {
    Times times(entry.rows());
    Times starts(entry.rows());
    const bool read = view.times(entry.time_column, entry.row0, entry.row1, times.data()).ok() &&
                      view.starts(entry, entry.row0, entry.row1, starts.data()).ok();
    if (!read) {
      ++reading_.errors;
      progress_[s].lost = true;
      return;
    }
    if (times.front() < chunk.min_t || times.back() > chunk.max_t) wrong(s, "bounds of a chunk");
    if (entry.histogram) {
      read_histograms(view, entry, s, times, starts);
    } else {
      read_values(view, entry, s, times, starts);
    }
    reading_.samples += times.size();
  }

  void read_values(const column::PageView& view, const column::PageEntry& entry, std::size_t s,
                   const Times& times, const Times& starts) {
    const BookSeries& series = book_[s];
    std::size_t& at = progress_[s].floats;
    std::vector<double> values(times.size());
    if (!view.values(entry, entry.row0, entry.row1, values.data()).ok()) {
      ++reading_.errors;
      progress_[s].lost = true;
      return;
    }
    if (at + times.size() > series.times.size()) return wrong(s, "too many samples");
    if (!same(times.data(), series.times.data() + at, times.size())) wrong(s, "times");
    if (!same(values.data(), series.values.data() + at, times.size())) wrong(s, "values");
    check_starts(s, starts, series.starts, at);
    at += times.size();
  }

  void check_starts(std::size_t s, const Times& read, const Times& starts, std::size_t at) {
    const Times expected =
        starts.empty() ? Times(read.size())
                       : Times(starts.begin() + static_cast<std::ptrdiff_t>(at),
                               starts.begin() + static_cast<std::ptrdiff_t>(at + read.size()));
    if (read != expected) wrong(s, "start times");
  }

  void read_histograms(const column::PageView& view, const column::PageEntry& entry, std::size_t s,
                       const Times& times, const Times& starts) {
    const BookSeries& series = book_[s];
    std::size_t& at = progress_[s].histograms;
    column::HistogramRows rows;
    if (!view.histograms(entry, entry.row0, entry.row1, rows).ok()) {
      ++reading_.errors;
      progress_[s].lost = true;
      return;
    }
    if (at + times.size() > series.histograms.size()) return wrong(s, "too many histograms");
    if (!same(times.data(), series.histogram_times.data() + at, times.size())) wrong(s, "times");
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (!same_histogram(rows.rows[i], series.histograms[at + i])) wrong(s, "histograms");
    }
    check_starts(s, starts, series.histogram_starts, at);
    at += times.size();
  }

  const Table& table_;
  const std::vector<BookSeries>& book_;
  std::vector<Progress> progress_;
  Reading reading_;
};

}  // namespace

SeriesSamples BookSeries::view() const {
  SeriesSamples samples{};
  samples.labels = label_views;
  samples.times = times;
  samples.values = values;
  samples.starts = starts;
  samples.histogram_times = histogram_times;
  samples.histograms = histograms;
  samples.histogram_starts = histogram_starts;
  return samples;
}

std::vector<BookSeries> make_book(std::uint64_t seed, const BookOptions& options) {
  Random random(seed);
  std::vector<Times> shared;
  std::vector<BookSeries> book;
  book.reserve(options.series);  // a copy would look at the first one's memory
  for (std::size_t s = 0; s < options.series; ++s) {
    book.push_back(make_series(random, options, shared, s));
  }
  const auto look = [](BookSeries& series) {
    series.label_views.clear();
    for (const auto& [name, value] : series.labels) series.label_views.push_back({name, value});
  };
  std::ranges::for_each(book, look);
  std::ranges::sort(book, [](const BookSeries& a, const BookSeries& b) {
    return placement_order(a.label_views, b.label_views) < 0;
  });
  std::ranges::for_each(book, look);
  return book;
}

fs::Result<TableFigures> write_table(fs::FileSystem& files, const std::string& path,
                                     const std::vector<BookSeries>& book,
                                     const TableOptions& options) {
  auto writer = TableWriter::create(files, path, options);
  if (!writer.ok()) return writer.status();
  for (const BookSeries& series : book) {
    if (fs::Status status = (*writer)->add(series.view()); !status.ok()) return status;
  }
  return (*writer)->finish();
}

Reading read_table(const Table& table, const std::vector<BookSeries>& book) {
  return SeriesReader(table, book).read();
}

}  // namespace narthex::test
