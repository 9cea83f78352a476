// SPDX-License-Identifier: Apache-2.0
#include "storage/column/page_view.hpp"

#include "storage/checksum/crc32c.hpp"

#include <zstd.h>

#include <algorithm>

namespace narthex::storage::column {
namespace {

Status damaged(const char* what) { return invalid_data(std::string("page: ") + what); }

}  // namespace

Status PageView::uncompress(ByteView stored, std::size_t size) {
  if (size > kPageBodyMax) return damaged("too large");
  // The frame's own size is asked first, so that a lie in the head costs no memory.
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != size) {
    return damaged("its compressed body has another size");
  }
  body_.resize(size);
  const std::size_t got = ZSTD_decompress(body_.data(), size, stored.data(), stored.size());
  if (ZSTD_isError(got) != 0 || got != size) return damaged("its body does not decompress");
  return {};
}

Status PageView::open(ByteView page) {
  times_.clear();
  entries_.clear();
  data_ = {};
  ByteReader head(page);
  const auto crc = head.word<std::uint32_t>();
  if (!head.ok() || crc != crc32c(page.subspan(4))) return damaged("wrong checksum");
  const std::uint8_t version = head.byte();
  const std::uint8_t flags = head.byte();
  const auto size = head.word<std::uint32_t>();
  if (!head.ok() || version != kPageVersion) return damaged("unknown version");
  if ((flags & ~kPageZstd) != 0) return damaged("unknown flags");
  ByteView body = page.subspan(kPageHeadSize);
  if ((flags & kPageZstd) != 0) {
    if (Status status = uncompress(body, size); !status.ok()) return status;
    body = body_;
  } else if (body.size() != size) {
    return damaged("wrong size");
  }
  ByteReader in(body);
  if (parse(in)) return {};
  times_.clear();
  entries_.clear();
  return damaged("damaged directory");
}

bool PageView::parse(ByteReader& in) {
  if (!parse_times(in)) return false;
  const std::uint64_t count = in.varint();
  if (count > in.left() / 3) return false;  // the least size of an entry
  std::uint64_t data_size = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!parse_entry(in, data_size)) return false;
  }
  // Sizes were read first, the bytes follow the directory.
  for (TimeColumn& column : times_) column.bytes = in.bytes(column.bytes.size());
  data_ = in.bytes(in.left());
  return in.ok() && data_.size() == data_size;
}

bool PageView::parse_times(ByteReader& in) {
  const std::uint64_t count = in.varint();
  if (count > in.left() / 2) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t rows = in.varint();
    const std::uint64_t size = in.varint();
    if (rows == 0 || rows > kRowsMax || size > in.left()) return false;
    // Only its size counts here: the bytes of all columns follow the directory (parse()).
    times_.push_back({static_cast<std::size_t>(rows), in.ahead(size)});
  }
  return in.ok();
}

bool PageView::parse_place(ByteReader& in, std::uint64_t code, PageEntry& entry) const {
  const PageEntry before = entries_.empty() ? PageEntry{} : entries_.back();
  const std::uint64_t slot = before.slot + in.varint();
  const std::uint64_t column = (code & kEntryTimes) != 0 ? in.varint() : before.time_column;
  if (slot < before.slot || slot > UINT32_MAX || column >= times_.size()) return false;
  const std::size_t all = times_[column].rows;
  std::uint64_t row0 = 0;
  std::uint64_t rows = all;
  if ((code & kEntryRows) != 0) {
    row0 = in.varint();
    rows = in.varint();
    if (rows == 0 || rows > all || row0 > all - rows) return false;
  }
  entry.slot = static_cast<std::uint32_t>(slot);
  entry.time_column = static_cast<std::uint32_t>(column);
  entry.row0 = static_cast<std::uint32_t>(row0);
  entry.row1 = static_cast<std::uint32_t>(row0 + rows);
  return true;
}

bool PageView::parse_data(ByteReader& in, std::uint64_t code, PageEntry& entry,
                          std::uint64_t& data_size) const {
  const std::size_t index = entries_.size();
  const std::uint64_t place = in.varint();
  if ((code & kEntryShared) != 0) {
    if (place == 0 || place > index || entry.histogram) return false;
    const PageEntry& same = entries_[index - place];
    if (same.histogram || same.rows() != entry.rows()) return false;
    entry.offset = same.offset;
    entry.size = same.size;
    entry.reference = same.reference;
    entry.depth = same.depth;
    return true;
  }
  if (place > kPageBodyMax) return false;
  entry.offset = static_cast<std::uint32_t>(data_size);
  entry.size = static_cast<std::uint32_t>(place);
  data_size += place;
  if ((code & kEntryReference) == 0) return data_size <= kPageBodyMax;
  const std::uint64_t distance = in.varint();
  if (distance == 0 || distance > index || entry.histogram) return false;
  const PageEntry& other = entries_[index - distance];
  entry.reference = index - static_cast<std::size_t>(distance);
  entry.depth = static_cast<std::uint8_t>(other.depth + 1);
  return data_size <= kPageBodyMax && !other.histogram && other.rows() == entry.rows() &&
         entry.depth <= kReferenceDepthMax;
}

bool PageView::parse_entry(ByteReader& in, std::uint64_t& data_size) {
  const std::uint64_t code = in.varint();
  if (!in.ok() || code > kEntryKnown) return false;
  PageEntry entry;
  entry.flags = static_cast<std::uint8_t>(code & kEntryColumnFlags);
  entry.histogram = (code & kEntryHistogram) != 0;
  entry.has_starts = (code & kEntryStarts) != 0;
  if (!parse_place(in, code, entry) || !parse_data(in, code, entry, data_size)) return false;
  if (entry.has_starts) {
    const std::uint64_t size = in.varint();
    if (size > kPageBodyMax) return false;
    entry.starts_offset = static_cast<std::uint32_t>(data_size);
    entry.starts_size = static_cast<std::uint32_t>(size);
    data_size += size;
  }
  entries_.push_back(entry);
  return in.ok() && data_size <= kPageBodyMax;
}

std::span<const PageEntry> PageView::find(std::uint32_t slot) const {
  if (entries_.empty() || slot < entries_.front().slot) return {};
  // A group of which each series is there, once: the usual case needs no search.
  const std::size_t guess = slot - entries_.front().slot;
  if (guess < entries_.size() && entries_[guess].slot == slot &&
      (guess + 1 == entries_.size() || entries_[guess + 1].slot != slot) &&
      (guess == 0 || entries_[guess - 1].slot != slot)) {
    return {&entries_[guess], 1};
  }
  const auto found = std::ranges::equal_range(entries_, slot, {}, &PageEntry::slot);
  return {found.begin(), found.end()};
}

Status PageView::times(std::uint32_t column, std::size_t from, std::size_t to,
                       std::int64_t* out) const {
  return decode_times(times_[column].bytes, times_[column].rows, from, to, out);
}

Status PageView::values(const PageEntry& entry, std::size_t from, std::size_t to,
                        double* out) const {
  if (entry.histogram) return damaged("a column of histograms was asked for values");
  const auto index = static_cast<std::size_t>(&entry - entries_.data());
  return decode_entry(entries_, data_, index, from - entry.row0, to - entry.row0, out);
}

Status PageView::histograms(const PageEntry& entry, std::size_t from, std::size_t to,
                            HistogramRows& out) const {
  if (!entry.histogram) return damaged("a column of values was asked for histograms");
  const ByteView column = data_.subspan(entry.offset, entry.size);
  return decode_histograms(column, entry.rows(), from - entry.row0, to - entry.row0, out);
}

Status PageView::starts(const PageEntry& entry, std::size_t from, std::size_t to,
                        std::int64_t* out) const {
  if (!entry.has_starts) {
    std::fill_n(out, to - from, 0);
    return {};
  }
  ByteReader in(data_.subspan(entry.starts_offset, entry.starts_size));
  return decode_integers(in, entry.rows(), from - entry.row0, to - entry.row0,
                         reinterpret_cast<std::uint64_t*>(out));
}

}  // namespace narthex::storage::column
