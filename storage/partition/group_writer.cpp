// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/group_writer.hpp"

#include "storage/partition/table_format.hpp"

#include <algorithm>

namespace narthex::storage::partition {
namespace {

using column::kHistogramCellsMax;
using column::kRowsMax;

// Buckets times rows of a piece, below what a column may have: a page must not grow without bound.
constexpr std::size_t kPieceCells = std::size_t{1} << 20;

// Builders that wait for the next group; each holds some 30 KB and a page's bytes.
constexpr std::size_t kChunksKept = 64;

// How many histograms of this kind one page takes; 0: it takes none.
std::size_t histogram_rows_max(std::span<const nx_histogram> histograms) {
  std::size_t buckets = 1;
  for (const nx_histogram& h : histograms) {
    buckets = std::max(
        buckets, std::size_t{h.pos_bucket_count} + h.neg_bucket_count + h.custom_value_count + 1);
  }
  if (buckets > kHistogramCellsMax) return 0;
  return std::clamp<std::size_t>(kPieceCells / buckets, 1, kRowsMax);
}

template <class T>
std::span<const T> piece_of(std::span<const T> all, std::size_t from, std::size_t to) {
  return all.empty() ? all : all.subspan(from, to - from);
}

}  // namespace

// The fullest page counts twice: one long series must not let the others' page grow for ever.
double GroupWriter::fill() const {
  std::size_t total = 0;
  std::size_t largest = 0;
  for (std::size_t c = 0; c < chunk_count_; ++c) {
    const std::size_t size = chunks_[c].page->size_bytes();
    total += size;
    largest = std::max(largest, size);
  }
  const auto average =
      static_cast<double>(total) / static_cast<double>(std::max<std::size_t>(chunk_count_, 1));
  return std::max(average, static_cast<double>(largest) / 2) / std::max(options_.page_bytes, 1u);
}

// Where the series before were cut: series of one target have one time column, and pages of
// different series that cover the same time are read together.
bool GroupWriter::cut_as_before(std::span<const std::int64_t> times, std::size_t rows_max) {
  pieces_.clear();
  std::size_t from = 0;
  for (std::size_t c = 0; c < ends_.size(); ++c) {
    std::size_t to = times.size();
    if (c + 1 < ends_.size()) {
      to = static_cast<std::size_t>(std::ranges::upper_bound(times, ends_[c]) - times.begin());
    }
    if (to - from > rows_max) return false;
    pieces_.push_back(to);
    from = to;
  }
  return from == times.size();
}

// Fills pieces_.
void GroupWriter::cut(std::span<const std::int64_t> times, std::size_t rows_max) {
  if (cut_as_before(times, rows_max)) return;
  const std::size_t count = (times.size() + rows_max - 1) / rows_max;
  pieces_.clear();
  for (std::size_t c = 1; c <= count; ++c) pieces_.push_back(times.size() * c / count);
  if (count <= ends_.size() && times.size() <= rows_cut_) return;
  ends_.resize(std::max(ends_.size(), count));
  for (std::size_t c = 0; c < ends_.size(); ++c) {
    ends_[c] = c < count ? times[pieces_[c] - 1] : INT64_MAX;
  }
  rows_cut_ = times.size();
}

GroupWriter::Chunk& GroupWriter::open_chunk(std::size_t index,
                                            std::span<const std::int64_t> times) {
  while (chunks_.size() <= index) {
    chunks_.push_back({std::make_unique<column::PageBuilder>(scratch_), {}});
  }
  while (chunk_count_ <= index) chunks_[chunk_count_++].times = {INT64_MAX, INT64_MIN};
  Chunk& chunk = chunks_[index];
  chunk.times.min_t = std::min(chunk.times.min_t, times.front());
  chunk.times.max_t = std::max(chunk.times.max_t, times.back());
  return chunk;
}

void GroupWriter::add_values(const SeriesSamples& series) {
  cut(series.times, kRowsMax);
  std::size_t from = 0;
  for (std::size_t c = 0; c < pieces_.size(); ++c) {
    const std::size_t to = pieces_[c];
    if (to == from) continue;
    const auto times = piece_of(series.times, from, to);
    Chunk& chunk = open_chunk(c, times);
    const column::PageRows rows = chunk.page->place_times(times);
    chunk.page->add_values(slots_, rows, piece_of(series.values, from, to),
                           piece_of(series.starts, from, to));
    from = to;
  }
}

bool GroupWriter::add_histograms(const SeriesSamples& series) {
  const std::size_t rows_max = histogram_rows_max(series.histograms);
  if (rows_max == 0) return false;
  cut(series.histogram_times, rows_max);
  std::size_t from = 0;
  for (std::size_t c = 0; c < pieces_.size(); ++c) {
    const std::size_t to = pieces_[c];
    if (to == from) continue;
    const auto times = piece_of(series.histogram_times, from, to);
    Chunk& chunk = open_chunk(c, times);
    const column::PageRows rows = chunk.page->place_times(times);
    if (!chunk.page
             ->add_histograms(slots_, rows, piece_of(series.histograms, from, to),
                              piece_of(series.histogram_starts, from, to))
             .ok()) {
      return false;
    }
    from = to;
  }
  return true;
}

bool GroupWriter::add(const SeriesSamples& series) {
  if (!series.times.empty()) add_values(series);
  if (!series.histogram_times.empty() && !add_histograms(series)) return false;
  ++slots_;
  return true;
}

fs::Status GroupWriter::finish(const PageSink& sink) {
  for (std::size_t c = 0; c < chunk_count_; ++c) {
    page_.clear();
    chunks_[c].page->finish(options_.compress, page_);
    if (fs::Status status = sink(chunks_[c].times, page_); !status.ok()) return status;
  }
  slots_ = 0;
  chunk_count_ = 0;
  if (chunks_.size() > kChunksKept) chunks_.resize(kChunksKept);
  ends_.clear();
  rows_cut_ = 0;
  return {};
}

}  // namespace narthex::storage::partition
