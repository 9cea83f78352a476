// SPDX-License-Identifier: Apache-2.0
#include "remote_write/series_book.hpp"

#include "remote_write/bytes.hpp"
#include "remote_write/frame.hpp"

#include <narthex/sdk/text.hpp>

#include <mutex>

namespace narthex::remote_write {
namespace {

std::string encode_labels(const nx_series_table& table, std::uint32_t series) {
  std::string out;
  const std::uint32_t first = table.label_off[series];
  const std::uint32_t end = table.label_off[series + 1];
  put_varint(out, end - first);
  for (std::uint32_t pair = first; pair < end; ++pair) {
    encode_label(out, view(table.symbols[table.label_ref[2 * pair]]),
                 view(table.symbols[table.label_ref[2 * pair + 1]]));
  }
  return out;
}

}  // namespace

void SeriesBook::put(const nx_series_table& table, std::span<const std::uint64_t> refs) {
  for (std::uint32_t s = 0; s < table.series_count; ++s) {
    if (refs[s] == 0) continue;
    std::string labels = encode_labels(table, s);
    const std::unique_lock lock(mutex_);
    BookedSeriesRef& entry = series_[refs[s]];
    if (entry == nullptr || entry->labels != labels) {
      entry = std::make_shared<BookedSeries>(std::move(labels));
    } else {
      entry->used.store(true, std::memory_order_relaxed);
    }
  }
}

void SeriesBook::put_layout(std::uint64_t layout, std::span<const std::uint64_t> refs) {
  auto row = std::make_shared<BookedRow>();
  if (!find_all(refs, *row)) return;
  auto entry = std::make_unique<Layout>();
  entry->row = std::move(row);
  const std::unique_lock lock(mutex_);
  layouts_[layout] = std::move(entry);
}

std::shared_ptr<const BookedRow> SeriesBook::find_layout(std::uint64_t layout) const {
  const std::shared_lock lock(mutex_);
  const auto at = layouts_.find(layout);
  if (at == layouts_.end()) return nullptr;
  at->second->used.store(true, std::memory_order_relaxed);
  return at->second->row;
}

bool SeriesBook::find_all(std::span<const std::uint64_t> refs, BookedRow& out) const {
  out.clear();
  out.reserve(refs.size());
  const std::shared_lock lock(mutex_);
  for (const std::uint64_t ref : refs) {
    if (ref == 0) {
      out.push_back(nullptr);  // a row that the storage refuses in any case
      continue;
    }
    const auto at = series_.find(ref);
    if (at == series_.end()) return false;
    at->second->used.store(true, std::memory_order_relaxed);
    out.push_back(at->second);
  }
  return true;
}

void SeriesBook::forget_unused() {
  const std::unique_lock lock(mutex_);
  std::erase_if(layouts_, [](const auto& entry) { return !entry.second->used.exchange(false); });
  // A series that a layout or an open transaction has is in use.
  std::erase_if(series_, [](const auto& entry) {
    return !entry.second->used.exchange(false) && entry.second.use_count() == 1;
  });
}

std::size_t SeriesBook::size() const {
  const std::shared_lock lock(mutex_);
  return series_.size();
}

}  // namespace narthex::remote_write
