// SPDX-License-Identifier: Apache-2.0
#include "storage/none/series_book.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string>

namespace narthex::storage::none {
namespace {

constexpr std::int64_t kForgetAfterNs = std::int64_t{3600} * 1'000'000'000;

void append_text(std::string& out, nx_str text) {
  const std::uint64_t size = text.len;
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out.append(text.ptr, text.len);
}

}  // namespace

std::uint8_t SeriesBook::resolve(const nx_series_table& table, std::uint32_t series,
                                 std::int64_t now_ns, std::uint64_t& ref) {
  ref = 0;
  std::string labels;
  for (std::uint32_t p = table.label_off[series]; p < table.label_off[series + 1]; ++p) {
    append_text(labels, table.symbols[table.label_ref[2 * p]]);
    append_text(labels, table.symbols[table.label_ref[2 * p + 1]]);
  }
  if (labels.empty()) return NX_ROW_BAD_LABELS;
  const XXH128_hash_t hash = XXH3_128bits_withSeed(labels.data(), labels.size(), seed_);
  const std::lock_guard lock(mutex_);
  for (ref = hash.low64 != 0 ? hash.low64 : 1;; ref = ref + 1 != 0 ? ref + 1 : 1) {
    const auto [at, is_new] = series_.try_emplace(ref);
    Known& known = at->second;
    if (is_new) {
      known.check = hash.high64;
      ++created_;
    }
    if (known.check != hash.high64) continue;
    known.used_ns = now_ns;
    return NX_ROW_OK;
  }
}

std::uint8_t SeriesBook::take(std::uint64_t ref, const Newest& sample, bool in_order,
                              std::int64_t now_ns, Newest& before) {
  const std::lock_guard lock(mutex_);
  const auto at = series_.find(ref);
  if (at == series_.end()) return NX_ROW_UNKNOWN_REF;
  Known& known = at->second;
  known.used_ns = now_ns;
  before = known.newest;
  if (sample.t == before.t) return sample.bits == before.bits ? NX_ROW_OK : NX_ROW_DUPLICATE;
  if (sample.t < before.t) return in_order ? NX_ROW_OUT_OF_ORDER : NX_ROW_OK;
  known.newest = sample;
  return NX_ROW_OK;
}

void SeriesBook::untake(std::uint64_t ref, const Newest& sample, const Newest& before) {
  const std::lock_guard lock(mutex_);
  const auto at = series_.find(ref);
  if (at != series_.end() && at->second.newest == sample) at->second.newest = before;
}

bool SeriesBook::knows(std::uint64_t ref) const {
  const std::lock_guard lock(mutex_);
  return series_.contains(ref);
}

std::uint64_t SeriesBook::put_layout(std::span<const std::uint64_t> refs, std::int64_t now_ns) {
  auto row = std::make_shared<const std::vector<std::uint64_t>>(refs.begin(), refs.end());
  const std::lock_guard lock(mutex_);
  layouts_[++last_layout_] = {std::move(row), now_ns};
  return last_layout_;
}

std::shared_ptr<const std::vector<std::uint64_t>> SeriesBook::find_layout(std::uint64_t layout,
                                                                          std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const auto at = layouts_.find(layout);
  if (at == layouts_.end()) return nullptr;
  at->second.used_ns = now_ns;
  return at->second.refs;
}

void SeriesBook::forget_unused(std::int64_t now_ns) {
  const auto unused = [now_ns](const auto& entry) {
    return now_ns - entry.second.used_ns >= kForgetAfterNs;
  };
  const std::lock_guard lock(mutex_);
  forgotten_ += std::erase_if(series_, unused);
  std::erase_if(layouts_, unused);
}

std::size_t SeriesBook::size() const {
  const std::lock_guard lock(mutex_);
  return series_.size();
}

std::uint64_t SeriesBook::created() const {
  const std::lock_guard lock(mutex_);
  return created_;
}

std::uint64_t SeriesBook::forgotten() const {
  const std::lock_guard lock(mutex_);
  return forgotten_;
}

}  // namespace narthex::storage::none
