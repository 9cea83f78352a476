// SPDX-License-Identifier: Apache-2.0
#include "promql/joined_cursor.hpp"

#include <algorithm>

namespace narthex::promql {

namespace {

constexpr std::uint32_t kRowsAtOnce = 1 << 14;

// Room for so many in all. What moves is moved in parts: it may be hundreds of megabytes.
template <class T>
bool make_room(Context& context, Column<T>& column, std::size_t size) {
  if (size <= column.capacity()) return true;
  Column<T> larger;
  larger.reserve(std::max(size, 2 * column.capacity()));
  for (std::size_t i = 0; i < column.size(); i += kRowsAtOnce) {
    if (context.stop_after(kRowsAtOnce)) return false;
    const auto at = column.begin() + static_cast<std::ptrdiff_t>(i);
    const std::size_t count = std::min<std::size_t>(kRowsAtOnce, column.size() - i);
    larger.insert(larger.end(), at, at + static_cast<std::ptrdiff_t>(count));
  }
  column.swap(larger);
  return true;
}

}  // namespace

bool JoinedCursor::next() {
  if (left_ == 0) {
    if (!fetch()) return false;
    if ((from_->block().flags & NX_BLOCK_CONTINUES) != 0) {
      // What it goes on with was shown as a whole already.
      return context_.fail(ErrorKind::kInternal,
                           "the storage sent a series in pieces that are too small to be put "
                           "together: all but the last have at least " +
                               std::to_string(piece_samples_) + " samples");
    }
  }
  const bool split = last_may_go_on();
  if (split && left_ == 1) return join();
  show(split ? left_ - 1 : left_);
  return true;
}

bool JoinedCursor::fetch() {
  first_ = 0;
  left_ = from_->next() ? from_->block().series_count : 0;
  return left_ > 0;
}

bool JoinedCursor::last_may_go_on() const {
  const nx_block& from = from_->block();
  const std::uint32_t last = from.series_count - 1;
  return from.row1[last] - from.row0[last] >= piece_samples_;
}

// Puts the last series of the block together with what the following ones bring of it.
bool JoinedCursor::join() {
  whole_ = Whole();
  take_labels(from_->block(), first_);
  if (!take_samples(from_->block(), first_)) return false;
  while (fetch() && (from_->block().flags & NX_BLOCK_CONTINUES) != 0) {
    if (!take_samples(from_->block(), 0)) return false;
    first_ = 1;
    if (--left_ > 0) break;
  }
  if (!from_->status().ok()) return false;
  show_whole();
  return true;
}

void JoinedCursor::take_labels(const nx_block& from, std::uint32_t series) {
  const nx_series_table& table = *from.labels;
  whole_.id = from.series_id[series];
  for (std::uint32_t p = 2 * table.label_off[series]; p < 2 * table.label_off[series + 1]; ++p) {
    const std::uint32_t symbol = table.label_ref[p];
    whole_.refs.push_back(static_cast<std::uint32_t>(whole_.texts.size()));
    whole_.texts.emplace_back(view(table.symbols[symbol]));
    if (table.symbol_id != nullptr) whole_.symbol_ids.push_back(table.symbol_id[symbol]);
  }
  for (const std::string& text : whole_.texts) whole_.symbols.push_back(to_nx(text));
  whole_.label_off[1] = static_cast<std::uint32_t>(whole_.refs.size() / 2);
}

bool JoinedCursor::take_samples(const nx_block& from, std::uint32_t series) {
  const std::uint64_t off = from.off[series];
  const std::int64_t* t = (from.flags & NX_BLOCK_SHARED_T) != 0 ? from.t : from.t + off;
  const std::uint32_t end = from.row1[series];
  const std::size_t size = whole_.t.size() + end - from.row0[series];
  if (!make_room(context_, whole_.t, size) || !make_room(context_, whole_.v, size)) return false;
  for (std::uint32_t row = from.row0[series]; row < end; row = std::min(row + kRowsAtOnce, end)) {
    if (context_.stop_after(kRowsAtOnce)) return false;
    const std::uint32_t part_end = std::min(row + kRowsAtOnce, end);
    whole_.t.insert(whole_.t.end(), t + row, t + part_end);
    whole_.v.insert(whole_.v.end(), from.v + off + row, from.v + off + part_end);
    if (from.h == nullptr && whole_.h.empty()) continue;
    whole_.h.resize(whole_.t.size() - (part_end - row), NX_NONE);
    for (std::uint32_t k = row; k < part_end; ++k) {
      if (context_.stop_after(kWorkOfHistogram)) return false;
      const std::uint32_t index = from.h != nullptr ? from.h[off + k] : NX_NONE;
      whole_.h.push_back(index == NX_NONE ? NX_NONE
                                          : static_cast<std::uint32_t>(whole_.hists.size()));
      if (index != NX_NONE) {
        whole_.hists.push_back(*copy_as_float(from.hists[index], context_.arena));
      }
    }
  }
  return true;
}

// The next so many series of the block, as they are.
void JoinedCursor::show(std::uint32_t count) {
  const nx_block& from = from_->block();
  block_ = from;
  block_.flags &= ~static_cast<std::uint32_t>(NX_BLOCK_CONTINUES);
  if (count != from.series_count) {
    block_.series_count = count;
    block_.series_id += first_;
    block_.off += first_;
    block_.row0 += first_;
    block_.row1 += first_;
    if (block_.col_flags != nullptr) block_.col_flags += first_;
    table_ = *from.labels;
    table_.series_count = count;
    table_.label_off += first_;
    block_.labels = &table_;
  }
  first_ += count;
  left_ -= count;
}

void JoinedCursor::show_whole() {
  whole_.row1 = static_cast<std::uint32_t>(whole_.t.size());
  table_ = {};
  table_.struct_size = sizeof table_;
  table_.series_count = 1;
  table_.symbol_count = static_cast<std::uint32_t>(whole_.symbols.size());
  table_.symbols = whole_.symbols.data();
  table_.symbol_id = whole_.symbol_ids.empty() ? nullptr : whole_.symbol_ids.data();
  table_.label_ref = whole_.refs.data();
  table_.label_off = whole_.label_off;
  block_ = {};
  block_.struct_size = sizeof block_;
  block_.series_count = 1;
  block_.hist_count = static_cast<std::uint32_t>(whole_.hists.size());
  block_.sample_count = whole_.t.size();
  block_.series_id = &whole_.id;
  block_.off = &whole_.off;
  block_.row0 = &whole_.row0;
  block_.row1 = &whole_.row1;
  block_.t = whole_.t.data();
  block_.v = whole_.v.data();
  block_.h = whole_.h.empty() ? nullptr : whole_.h.data();
  block_.hists = whole_.hists.data();
  block_.labels = &table_;
}

std::unique_ptr<BlockCursor> select_blocks(Context& context, std::span<const LabelMatcher> matchers,
                                           nx_scan_opts options) {
  options.block_samples = kBlockSamples;
  options.min_series = kBlockSeries;
  Result<std::unique_ptr<BlockCursor>> cursor = context.source.select(matchers, options);
  if (cursor.ok()) return std::make_unique<JoinedCursor>(context, *std::move(cursor));
  context.fail(cursor.status());
  return nullptr;
}

}  // namespace narthex::promql
