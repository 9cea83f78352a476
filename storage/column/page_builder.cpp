// SPDX-License-Identifier: Apache-2.0
#include "storage/column/page_builder.hpp"

#include "storage/checksum/crc32c.hpp"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <bit>

namespace narthex::storage::column {
namespace {

constexpr int kZstdLevel = 1;
// A column this small is not worth naming another one.
constexpr std::size_t kShareMin = 3;

}  // namespace

void PageScratch::FreeContext::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

PageScratch::PageScratch() : compressor(ZSTD_createCCtx()) {}

// The number of an equal column; how many there are if none is. Hashes may be forged.
std::uint32_t PageBuilder::find_times(std::span<const std::int64_t> times,
                                      std::uint64_t hash) const {
  const auto [from, to] = times_by_hash_.equal_range(hash);
  for (auto at = from; at != to; ++at) {
    if (std::ranges::equal(times_[at->second].times, times)) return at->second;
  }
  return static_cast<std::uint32_t>(times_.size());
}

std::uint32_t PageBuilder::add_times(std::span<const std::int64_t> times) {
  const std::uint64_t hash = XXH3_64bits(times.data(), times.size_bytes());
  const std::uint32_t found = find_times(times, hash);
  if (found < times_.size()) return found;
  TimeColumn& column = times_.emplace_back();
  column.times.assign(times.begin(), times.end());
  encode_times(times, scratch_->values.integers, column.bytes);
  times_by_hash_.emplace(hash, found);
  return found;
}

PageRows PageBuilder::place_times(std::span<const std::int64_t> times) {
  if (last_times_ < times_.size()) {
    const std::vector<std::int64_t>& last = times_[last_times_].times;
    const auto at = std::ranges::lower_bound(last, times.front());
    const bool fits = static_cast<std::size_t>(last.end() - at) >= times.size();
    if (fits && std::equal(times.begin(), times.end(), at)) {
      return {last_times_, static_cast<std::uint32_t>(at - last.begin())};
    }
  }
  last_times_ = add_times(times);
  return {last_times_, 0};
}

PageEntry PageBuilder::entry_of(std::uint32_t slot, PageRows rows, std::size_t count) const {
  PageEntry entry;
  entry.slot = slot;
  entry.time_column = rows.time_column;
  entry.row0 = rows.row0;
  entry.row1 = rows.row0 + static_cast<std::uint32_t>(count);
  return entry;
}

// Hashes may be forged, so equal ones are compared by value.
bool PageBuilder::share(PageEntry& entry, std::span<const double> values, std::uint64_t hash) {
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) return false;
  const PageEntry& same = entries_[found->second];
  if (same.rows() != values.size() || same.size < kShareMin) return false;
  std::array<double, kRowsMax> decoded;
  const Status status =
      decode_entry(entries_, data_, found->second, 0, values.size(), decoded.data());
  if (!status.ok() || std::memcmp(decoded.data(), values.data(), values.size_bytes()) != 0) {
    return false;
  }
  entry.flags = same.flags;
  entry.offset = same.offset;
  entry.size = same.size;
  entry.reference = same.reference;
  entry.depth = same.depth;
  shared_with_.back() = found->second;
  return true;
}

void PageBuilder::remember(std::size_t entry, std::span<const double> values) {
  Recent& recent = recent_[recent_count_++ % recent_.size()];
  recent.entry = entry;
  std::ranges::copy(values, recent.values.begin());
}

void PageBuilder::encode(PageEntry& entry, std::span<const double> values) {
  std::array<std::span<const double>, 3> candidates;
  std::array<std::size_t, 3> candidate_entry{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < std::min(recent_count_, recent_.size()); ++i) {
    const PageEntry& other = entries_[recent_[i].entry];
    if (other.row0 != entry.row0 || other.row1 != entry.row1 ||
        other.time_column != entry.time_column || other.depth == kReferenceDepthMax) {
      continue;
    }
    candidate_entry[count] = recent_[i].entry;
    candidates[count++] = {recent_[i].values.data(), values.size()};
  }
  entry.offset = static_cast<std::uint32_t>(data_.size());
  const ValueInfo info = encode_values(values, {candidates.data(), count}, scratch_->values, data_);
  entry.size = static_cast<std::uint32_t>(data_.size()) - entry.offset;
  entry.flags = info.flags;
  if (info.reference == kNoReference) return;
  entry.reference = candidate_entry[info.reference];
  entry.depth = static_cast<std::uint8_t>(entries_[entry.reference].depth + 1);
}

void PageBuilder::put_starts(PageEntry& entry, std::span<const std::int64_t> starts) {
  if (starts.empty()) return;
  std::array<std::uint64_t, kRowsMax> m;
  std::ranges::transform(starts, m.begin(), [](std::int64_t t) { return std::uint64_t(t); });
  entry.has_starts = true;
  entry.starts_offset = static_cast<std::uint32_t>(data_.size());
  encode_integers({m.data(), starts.size()}, Effort::kSample, scratch_->values.integers, data_);
  entry.starts_size = static_cast<std::uint32_t>(data_.size()) - entry.starts_offset;
}

void PageBuilder::add_values(std::uint32_t slot, PageRows rows, std::span<const double> values,
                             std::span<const std::int64_t> starts) {
  PageEntry entry = entry_of(slot, rows, values.size());
  const std::uint64_t hash = XXH3_64bits(values.data(), values.size_bytes());
  shared_with_.push_back(kNoReference);
  const bool shared = share(entry, values, hash);
  if (!shared) {
    encode(entry, values);
    by_hash_.emplace(hash, entries_.size());
  }
  put_starts(entry, starts);
  entries_.push_back(entry);
  const bool counter = (entry.flags & (NX_COL_MONOTONE | NX_COL_CONST)) == NX_COL_MONOTONE;
  if (!shared && counter) remember(entries_.size() - 1, values);
}

Status PageBuilder::add_histograms(std::uint32_t slot, PageRows rows,
                                   std::span<const nx_histogram> values,
                                   std::span<const std::int64_t> starts) {
  PageEntry entry = entry_of(slot, rows, values.size());
  entry.histogram = true;
  entry.offset = static_cast<std::uint32_t>(data_.size());
  if (Status status = encode_histograms(values, scratch_->values, data_); !status.ok())
    return status;
  entry.size = static_cast<std::uint32_t>(data_.size()) - entry.offset;
  const bool stale = std::ranges::any_of(values, [](const nx_histogram& h) {
    return std::bit_cast<std::uint64_t>(h.sum) == NX_STALE_NAN_BITS;
  });
  entry.flags = stale ? NX_COL_STALE : 0;
  put_starts(entry, starts);
  entries_.push_back(entry);
  shared_with_.push_back(kNoReference);
  return {};
}

std::size_t PageBuilder::size_bytes() const {
  std::size_t size = kPageHeadSize + 4 + entries_.size() * 4 + data_.size();
  for (const TimeColumn& column : times_) size += 4 + column.bytes.size();
  return size;
}

void PageBuilder::put_entry(std::size_t index, Bytes& out) const {
  const PageEntry& entry = entries_[index];
  const PageEntry before = index == 0 ? PageEntry{} : entries_[index - 1];
  const bool shared = shared_with_[index] != kNoReference;
  const bool whole = entry.row0 == 0 && entry.row1 == times_[entry.time_column].times.size();
  const bool reference = !shared && entry.reference != kNoReference;
  const bool other_times = entry.time_column != before.time_column;
  std::uint32_t code = entry.flags;
  if (shared) code |= kEntryShared;
  if (reference) code |= kEntryReference;
  if (!whole) code |= kEntryRows;
  if (entry.histogram) code |= kEntryHistogram;
  if (other_times) code |= kEntryTimes;
  if (entry.has_starts) code |= kEntryStarts;
  put_varint(out, code);
  put_varint(out, entry.slot - before.slot);
  if (other_times) put_varint(out, entry.time_column);
  if (!whole) {
    put_varint(out, entry.row0);
    put_varint(out, entry.rows());
  }
  put_varint(out, shared ? index - shared_with_[index] : entry.size);
  if (reference) put_varint(out, index - entry.reference);
  if (entry.has_starts) put_varint(out, entry.starts_size);
}

void PageBuilder::put_body(Bytes& out) const {
  put_varint(out, times_.size());
  for (const TimeColumn& column : times_) {
    put_varint(out, column.times.size());
    put_varint(out, column.bytes.size());
  }
  put_varint(out, entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) put_entry(i, out);
  for (const TimeColumn& column : times_) put_bytes(out, column.bytes);
  put_bytes(out, data_);
}

void PageBuilder::finish(bool compress, Bytes& out) {
  Bytes& body = scratch_->body;
  body.clear();
  put_body(body);
  const std::size_t head = out.size();
  out.resize(head + kPageHeadSize);
  std::uint8_t flags = 0;
  if (compress) {
    out.resize(head + kPageHeadSize + ZSTD_compressBound(body.size()));
    const std::size_t size =
        ZSTD_compressCCtx(scratch_->compressor.get(), out.data() + head + kPageHeadSize,
                          out.size() - head - kPageHeadSize, body.data(), body.size(), kZstdLevel);
    const bool kept = ZSTD_isError(size) == 0 && size + body.size() / 32 <= body.size();
    out.resize(head + kPageHeadSize + (kept ? size : 0));
    if (kept) flags = kPageZstd;
  }
  if (flags == 0) put_bytes(out, body);
  std::uint8_t* page = out.data() + head;
  page[4] = kPageVersion;
  page[5] = flags;
  const auto body_size = static_cast<std::uint32_t>(body.size());
  std::memcpy(page + 6, &body_size, sizeof body_size);
  const std::uint32_t crc = crc32c({page + 4, out.size() - head - 4});
  std::memcpy(page, &crc, sizeof crc);
  times_.clear();
  times_by_hash_.clear();
  entries_.clear();
  shared_with_.clear();
  data_.clear();
  by_hash_.clear();
  recent_count_ = 0;
}

}  // namespace narthex::storage::column
