// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/page_cache.hpp"

namespace narthex::storage::tsdb {
namespace {

fs::Result<std::shared_ptr<const CachedPage>> read(const partition::Table& table,
                                                   std::uint32_t group, std::uint32_t chunk) {
  fs::Result<std::shared_ptr<const partition::TablePage>> page = table.page(group, chunk);
  if (!page.ok()) return page.status();
  auto out = std::make_shared<CachedPage>();
  out->page = *std::move(page);
  const column::PageView& view = out->page->view;
  out->bytes = sizeof(CachedPage) + sizeof(partition::TablePage) + 2 * out->page->bytes.size() +
               view.entries().size_bytes();
  for (std::uint32_t c = 0; c < view.time_column_count(); ++c) {
    std::vector<std::int64_t>& times = out->times.emplace_back(view.rows(c));
    const narthex::Status decoded = view.times(c, 0, times.size(), times.data());
    if (!decoded.ok()) return fs::Status(EBADMSG, decoded.message(), table.path());
    out->bytes += times.size() * sizeof times[0];
  }
  return std::shared_ptr<const CachedPage>(std::move(out));
}

}  // namespace

std::size_t PageCache::Hash::operator()(const Key& key) const {
  const std::uint64_t place = (std::uint64_t{key.group} << 32 | key.chunk) * 0x9E3779B97F4A7C15u;
  return place ^ key.number * 0xC2B2AE3D27D4EB4Fu;
}

fs::Result<std::shared_ptr<const CachedPage>> PageCache::get(std::uint64_t number,
                                                             const partition::Table& table,
                                                             std::uint32_t group,
                                                             std::uint32_t chunk) {
  const Key key{number, group, chunk};
  if (std::shared_ptr<const CachedPage> found = find(key)) return found;
  fs::Result<std::shared_ptr<const CachedPage>> page = read(table, group, chunk);
  if (page.ok()) keep(key, *page);
  return page;
}

std::shared_ptr<const CachedPage> PageCache::find(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, at->second);
  return at->second->page;
}

void PageCache::keep(const Key& key, std::shared_ptr<const CachedPage> page) {
  const std::lock_guard lock(mutex_);
  if (page->bytes > bytes_max_ || by_key_.count(key) != 0) return;
  bytes_ += page->bytes;
  entries_.push_front({key, std::move(page)});
  by_key_[key] = entries_.begin();
  while (bytes_ > bytes_max_) {
    bytes_ -= entries_.back().page->bytes;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

void PageCache::forget(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (at->key.number != number) {
      ++at;
      continue;
    }
    bytes_ -= at->page->bytes;
    by_key_.erase(at->key);
    at = entries_.erase(at);
  }
}

std::size_t PageCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace narthex::storage::tsdb
