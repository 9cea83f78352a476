// SPDX-License-Identifier: Apache-2.0
#include "transfer/series_stream.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <compare>
#include <deque>
#include <optional>

namespace narthex::transfer {

namespace {

std::strong_ordering compare_labels(std::span<const nx_label> a, std::span<const nx_label> b) {
  return std::lexicographical_compare_three_way(
      a.begin(), a.end(), b.begin(), b.end(), [](const nx_label& x, const nx_label& y) {
        const auto names = view(x.name) <=> view(y.name);
        return names != 0 ? names : view(x.value) <=> view(y.value);
      });
}

// The series of one selector.
class SelectorStream {
 public:
  explicit SelectorStream(store::Cursor cursor) : cursor_(std::move(cursor)) {}

  // Reads the next series into labels() and samples().
  bool advance() {
    if (!have_block_ && !fetch()) return done();
    take_labels();
    samples_.clear();
    take_samples();
    // A series of millions of samples goes on at the head of the next block.
    while (next_series_ == cursor_.block().series_count) {
      if (!fetch()) return !failed();
      if ((cursor_.block().flags & NX_BLOCK_CONTINUES) == 0) return true;
      take_samples();
    }
    return true;
  }
  bool ended() const { return ended_; }
  std::span<const nx_label> labels() const { return labels_; }
  const blocks::Samples& samples() const { return samples_; }
  const Status& status() const { return cursor_.status(); }

 private:
  bool failed() const { return !cursor_.status().ok(); }
  bool done() {
    ended_ = true;
    return false;
  }
  bool fetch() {
    have_block_ = cursor_.next();
    next_series_ = 0;
    return have_block_;
  }
  void take_labels() {
    const nx_series_table& table = *cursor_.block().labels;
    texts_.clear();
    labels_.clear();
    for (std::uint32_t p = table.label_off[next_series_]; p < table.label_off[next_series_ + 1];
         ++p) {
      const std::string& name = texts_.emplace_back(view(table.symbols[table.label_ref[2 * p]]));
      const std::string& value =
          texts_.emplace_back(view(table.symbols[table.label_ref[2 * p + 1]]));
      labels_.push_back({to_nx(name), to_nx(value)});
    }
  }
  void take_samples() {
    const nx_block& block = cursor_.block();
    const std::uint32_t s = next_series_++;
    const std::int64_t* t = block.t + ((block.flags & NX_BLOCK_SHARED_T) != 0 ? 0 : block.off[s]);
    for (std::uint32_t k = block.row0[s]; k < block.row1[s]; ++k) {
      const std::uint64_t at = block.off[s] + k;
      if (block.h != nullptr && block.h[at] != NX_NONE) {
        samples_.add_copy(t[k], block.hists[block.h[at]]);
      } else {
        samples_.add(t[k], block.v[at]);
      }
    }
  }

  store::Cursor cursor_;
  bool have_block_ = false, ended_ = false;
  std::uint32_t next_series_ = 0;
  std::deque<std::string> texts_;
  std::vector<nx_label> labels_;
  blocks::Samples samples_;
};

}  // namespace

struct SeriesStream::Impl {
  std::optional<store::Querier> querier;
  std::vector<std::unique_ptr<SelectorStream>> streams;
  SelectorStream* current = nullptr;
  StreamedSeries series;
  Status status;

  bool advance(SelectorStream& stream) {
    if (stream.advance()) return true;
    if (status.ok()) status = stream.status();
    return false;
  }

  // The least label set among the streams; the others that have it too pass it over.
  bool next() {
    if (current != nullptr) {
      for (const auto& stream : streams) {
        const bool same = stream.get() != current && !stream->ended() &&
                          compare_labels(stream->labels(), current->labels()) == 0;
        if (same) advance(*stream);
      }
      advance(*current);
    }
    current = nullptr;
    for (const auto& stream : streams) {
      if (stream->ended()) continue;
      if (current == nullptr || compare_labels(stream->labels(), current->labels()) < 0) {
        current = stream.get();
      }
    }
    if (current == nullptr || !status.ok()) return false;
    series = {current->labels(), current->samples().view()};
    return true;
  }
};

SeriesStream::SeriesStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SeriesStream::SeriesStream(SeriesStream&&) noexcept = default;
SeriesStream::~SeriesStream() = default;
bool SeriesStream::next() { return impl_->next(); }
const StreamedSeries& SeriesStream::series() const { return impl_->series; }
const Status& SeriesStream::status() const { return impl_->status; }

Result<SeriesStream> SeriesStream::open(store::Store& store, const std::vector<Selector>& selectors,
                                        const blocks::TimeRange& range) {
  Result<store::Querier> querier = store.open(range.min_t, range.max_t);
  if (!querier.ok()) return querier.status();
  auto impl = std::make_unique<Impl>();
  impl->querier.emplace(*std::move(querier));
  nx_scan_opts opts{};
  opts.flags = NX_SCAN_SORTED;
  opts.mint = range.min_t;
  opts.maxt = range.max_t;
  const std::vector<Selector> all(1);
  for (const Selector& selector : selectors.empty() ? all : selectors) {
    Result<store::Cursor> cursor = impl->querier->select(selector, opts);
    if (!cursor.ok()) return cursor.status();
    impl->streams.push_back(std::make_unique<SelectorStream>(*std::move(cursor)));
    impl->advance(*impl->streams.back());
    if (!impl->status.ok()) return impl->status;
  }
  return SeriesStream(std::move(impl));
}

blocks::TimeRange extent_of(const store::Store& store) {
  blocks::TimeRange extent{INT64_MAX, INT64_MIN};
  const Status read = store.stats(1, [&](sdk::Value stats) {
    extent.min_t = stats["min_time"].get<std::int64_t>(INT64_MAX);
    extent.max_t = stats["max_time"].get<std::int64_t>(INT64_MIN);
  });
  return read.ok() ? extent : blocks::TimeRange{INT64_MAX, INT64_MIN};
}

}  // namespace narthex::transfer
