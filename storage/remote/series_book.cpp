// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/series_book.hpp"

#include <narthex/sdk/prompb.hpp>

namespace narthex::storage::remote {
namespace {

constexpr std::int64_t kForgetAfterNs = std::int64_t{3600} * 1'000'000'000;

}  // namespace

std::uint8_t SeriesBook::resolve(const nx_series_table& table, std::uint32_t s, std::int64_t now_ns,
                                 std::uint64_t& ref) {
  ref = 0;
  const std::lock_guard lock(mutex_);
  scratch_.clear();
  for (std::uint32_t p = table.label_off[s]; p < table.label_off[s + 1]; ++p) {
    sdk::prompb::label(scratch_, 1, view(table.symbols[table.label_ref[2 * p]]),
                       view(table.symbols[table.label_ref[2 * p + 1]]));
  }
  if (scratch_.empty()) return NX_ROW_BAD_LABELS;
  if (const auto known = by_labels_.find(scratch_); known != by_labels_.end()) {
    known->second->used_ns = now_ns;
    ref = known->second->ref;
    return NX_ROW_OK;
  }
  if (by_ref_.size() >= series_max_) return NX_ROW_SERIES_LIMIT;
  const auto added = std::make_shared<KnownSeries>();
  added->ref = ref = ++last_ref_;
  added->labels = scratch_;
  added->used_ns = now_ns;
  by_labels_.emplace(added->labels, added);
  by_ref_.emplace(ref, added);
  return NX_ROW_OK;
}

std::shared_ptr<const KnownSeries> SeriesBook::find(std::uint64_t ref, std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const auto known = by_ref_.find(ref);
  if (known == by_ref_.end()) return nullptr;
  known->second->used_ns = now_ns;
  return known->second;
}

void SeriesBook::forget_unused(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  for (auto at = by_ref_.begin(); at != by_ref_.end();) {
    if (now_ns - at->second->used_ns < kForgetAfterNs) {
      ++at;
      continue;
    }
    by_labels_.erase(at->second->labels);
    at = by_ref_.erase(at);
  }
}

std::size_t SeriesBook::size() const {
  const std::lock_guard lock(mutex_);
  return by_ref_.size();
}

}  // namespace narthex::storage::remote
