// SPDX-License-Identifier: Apache-2.0
#include "store/merged_cursor.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace narthex::store {

namespace {

constexpr std::size_t kBlockSamples = 1 << 20;
constexpr std::size_t kBlockSeries = 16 << 10;

template <class T>
const T* keep(const T* from, std::size_t count, std::pmr::memory_resource& memory) {
  if (count == 0) return nullptr;
  auto* kept = static_cast<T*>(memory.allocate(count * sizeof(T), alignof(T)));
  std::memcpy(kept, from, count * sizeof(T));
  return kept;
}

nx_histogram keep(const nx_histogram& from, std::pmr::memory_resource& memory) {
  nx_histogram own = from;
  own.pos_spans = keep(from.pos_spans, from.pos_span_count, memory);
  own.neg_spans = keep(from.neg_spans, from.neg_span_count, memory);
  own.pos.deltas = keep(from.pos.deltas, from.pos_bucket_count, memory);  // counts are as wide
  own.neg.deltas = keep(from.neg.deltas, from.neg_bucket_count, memory);
  own.custom_values = keep(from.custom_values, from.custom_value_count, memory);
  return own;
}

}  // namespace

// One source, a series at a time. A series that its blocks split is put together.
class MergedCursor::Stream {
 public:
  explicit Stream(LabelledSource from) : from_(std::move(from)) {}

  // The next series, with copies of its samples. False at the end and after a failure.
  bool advance() {
    if (pending_ == 0 && !fetch()) return false;
    labels = Labels();
    t.clear();
    v.clear();
    h.clear();
    hists.clear();
    memory.release();
    take_labels();
    take_rows();
    while (pending_ == 0 && fetch() && (block().flags & NX_BLOCK_CONTINUES) != 0) take_rows();
    if (!from_.source->status().ok()) return ended = true, false;
    return true;
  }
  const Status& status() const { return from_.source->status(); }
  const std::function<void(const Status&)>& on_failure() const { return from_.on_failure; }

  Labels labels;
  std::vector<std::int64_t> t;
  std::vector<double> v;
  std::vector<std::uint32_t> h;  // into hists, NX_NONE; empty: floats only
  std::vector<nx_histogram> hists;
  std::pmr::monotonic_buffer_resource memory;
  std::size_t row = 0;  // of the merge
  bool ended = false;

 private:
  const nx_block& block() const { return from_.source->block(); }
  bool fetch() {
    if (ended) return false;
    if (!from_.source->next()) return ended = true, false;
    pending_ = block().series_count;
    return true;
  }
  std::uint32_t current() const { return block().series_count - pending_; }
  void take_labels() {
    const nx_series_table& table = *block().labels;
    for (std::uint32_t p = table.label_off[current()]; p < table.label_off[current() + 1]; ++p) {
      const std::string_view name = view(table.symbols[table.label_ref[2 * p]]);
      if (std::binary_search(from_.dropped.begin(), from_.dropped.end(), name)) continue;
      labels.set(name, view(table.symbols[table.label_ref[2 * p + 1]]));
    }
  }
  void take_rows() {
    const std::uint32_t s = current();
    --pending_;
    row = 0;
    const nx_block& b = block();
    if (b.row1 == nullptr) return;  // labels only
    const bool shared = (b.flags & NX_BLOCK_SHARED_T) != 0;
    for (std::uint32_t k = b.row0[s]; k < b.row1[s]; ++k) {
      const std::uint64_t at = b.off[s] + k;
      const bool histogram = b.h != nullptr && b.h[at] != NX_NONE;
      if (histogram && h.empty()) h.assign(t.size(), NX_NONE);
      if (histogram) {
        h.push_back(static_cast<std::uint32_t>(hists.size()));
        hists.push_back(keep(b.hists[b.h[at]], memory));
      } else if (!h.empty()) {
        h.push_back(NX_NONE);
      }
      t.push_back(b.t[shared ? k : at]);
      v.push_back(b.v[at]);
    }
  }

  LabelledSource from_;
  std::uint32_t pending_ = 0;  // series of the block that were not taken
};

MergedCursor::MergedCursor(std::vector<LabelledSource> sources, const nx_scan_opts& opts)
    : block_samples_(opts.block_samples != 0 ? opts.block_samples : kBlockSamples),
      limit_series_(opts.limit_series),
      memory_(std::make_unique<std::pmr::monotonic_buffer_resource>()) {
  for (LabelledSource& source : sources) {
    streams_.push_back(std::make_unique<Stream>(std::move(source)));
    if (!advance(*streams_.back())) streams_.pop_back();
  }
}

MergedCursor::~MergedCursor() = default;

// False: the stream has no further series.
bool MergedCursor::advance(Stream& stream) {
  if (stream.advance()) return true;
  if (stream.status().ok()) return false;
  if (stream.on_failure() != nullptr && stream.status().code() != NX_ERR_CANCELLED) {
    stream.on_failure()(stream.status());
  } else {
    status_ = stream.status();
  }
  return false;
}

void MergedCursor::clear() {
  texts_.clear();
  symbols_.clear();
  label_ref_.clear();
  label_off_.assign(1, 0);
  row0_.clear();
  row1_.clear();
  h_.clear();
  ids_.clear();
  offsets_.clear();
  t_.clear();
  v_.clear();
  hists_.clear();
  memory_->release();
}

MergedCursor::Stream* MergedCursor::least() {
  Stream* least = nullptr;
  for (const auto& stream : streams_) {
    if (least == nullptr || stream->labels < least->labels) least = stream.get();
  }
  return least;
}

void MergedCursor::add_series(const Labels& labels) {
  ids_.push_back(known_.try_emplace(labels, known_.size() + 1).first->second);
  for (const auto& [name, value] : labels) {
    for (const std::string* text : {&name, &value}) {
      label_ref_.push_back(static_cast<std::uint32_t>(texts_.size()));
      texts_.push_back(*text);
    }
  }
  label_off_.push_back(static_cast<std::uint32_t>(label_ref_.size() / 2));
  offsets_.push_back(t_.size());
  row0_.push_back(0);
}

// The rows of equal series, by time; of equal times the first stream's.
void MergedCursor::add_rows(const std::vector<Stream*>& same) {
  const std::size_t first = t_.size();
  for (;;) {
    Stream* next = nullptr;
    for (Stream* stream : same) {
      if (stream->row == stream->t.size()) continue;
      if (next == nullptr || stream->t[stream->row] < next->t[next->row]) next = stream;
    }
    if (next == nullptr) break;
    const std::size_t row = next->row++;
    if (t_.size() > first && t_.back() == next->t[row]) continue;
    const bool histogram = !next->h.empty() && next->h[row] != NX_NONE;
    if (histogram && h_.empty()) h_.assign(t_.size(), NX_NONE);
    if (histogram) {
      h_.push_back(static_cast<std::uint32_t>(hists_.size()));
      hists_.push_back(keep(next->hists[next->h[row]], *memory_));
    } else if (!h_.empty()) {
      h_.push_back(NX_NONE);
    }
    t_.push_back(next->t[row]);
    v_.push_back(next->v[row]);
  }
  row1_.push_back(static_cast<std::uint32_t>(t_.size() - first));
}

void MergedCursor::fill_block() {
  for (const std::string& text : texts_) symbols_.push_back(to_nx(text));
  table_.struct_size = sizeof table_;
  table_.series_count = static_cast<std::uint32_t>(ids_.size());
  table_.symbol_count = static_cast<std::uint32_t>(symbols_.size());
  table_.symbols = symbols_.data();
  table_.label_ref = label_ref_.data();
  table_.label_off = label_off_.data();
  block_ = nx_block{};
  block_.struct_size = sizeof block_;
  block_.series_count = table_.series_count;
  block_.hist_count = static_cast<std::uint32_t>(hists_.size());
  block_.sample_count = t_.size();
  block_.series_id = ids_.data();
  block_.off = offsets_.data();
  block_.row0 = row0_.data();
  block_.row1 = row1_.data();
  block_.t = t_.data();
  block_.v = v_.data();
  block_.h = h_.empty() ? nullptr : h_.data();
  block_.hists = hists_.data();
  block_.labels = &table_;
}

bool MergedCursor::next() {
  if (!status_.ok()) return false;
  clear();
  while (!streams_.empty() && t_.size() < block_samples_ && ids_.size() < kBlockSeries &&
         (limit_series_ == 0 || given_series_ < limit_series_)) {
    const Labels labels = least()->labels;
    std::vector<Stream*> same;
    for (const auto& stream : streams_) {
      if (stream->labels == labels) same.push_back(stream.get());
    }
    add_series(labels);
    add_rows(same);
    ++given_series_;
    for (Stream* stream : same) {
      if (advance(*stream)) continue;
      std::erase_if(streams_, [&](const auto& s) { return s.get() == stream; });
    }
  }
  if (ids_.empty() || !status_.ok()) return false;
  fill_block();
  return true;
}

}  // namespace narthex::store
