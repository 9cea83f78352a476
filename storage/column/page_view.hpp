// SPDX-License-Identifier: Apache-2.0
// page_view.hpp - reads pages: opens one, then decodes the columns that are asked for and no other.
//
// open() checks the checksum and the whole directory; whatever the bytes are, every call ends with
// values or with an error. A view may be opened again, which reuses its memory; opening is for one
// thread, everything else is const and for any.
#pragma once

#include "storage/column/histogram_column.hpp"
#include "storage/column/page_format.hpp"
#include "storage/column/time_column.hpp"

#include <vector>

namespace narthex::storage::column {

class PageView {
 public:
  // `page` must outlive the view, or the next open(), unless it is compressed.
  Status open(ByteView page);

  // Slots ascend; one with several columns has several entries.
  std::span<const PageEntry> entries() const { return entries_; }
  // The entries of a slot, none where it is not in the page.
  std::span<const PageEntry> find(std::uint32_t slot) const;

  std::size_t time_column_count() const { return times_.size(); }
  // REQUIRES: column < time_column_count().
  std::size_t rows(std::uint32_t column) const { return times_[column].rows; }

  // Rows [from, to) of a time column. REQUIRES: from <= to <= rows(column).
  Status times(std::uint32_t column, std::size_t from, std::size_t to, std::int64_t* out) const;

  // Rows [from, to), counted as the time column's are, of an entry of this view.
  // REQUIRES: entry.row0 <= from <= to <= entry.row1.
  Status values(const PageEntry& entry, std::size_t from, std::size_t to, double* out) const;
  Status histograms(const PageEntry& entry, std::size_t from, std::size_t to,
                    HistogramRows& out) const;
  // Zeros where the entry has no start times.
  Status starts(const PageEntry& entry, std::size_t from, std::size_t to, std::int64_t* out) const;

 private:
  struct TimeColumn {
    std::size_t rows;
    ByteView bytes;
  };

  Status uncompress(ByteView stored, std::size_t size);
  bool parse(ByteReader& in);
  bool parse_times(ByteReader& in);
  bool parse_entry(ByteReader& in, std::uint64_t& data_size);
  bool parse_place(ByteReader& in, std::uint64_t code, PageEntry& entry) const;
  bool parse_data(ByteReader& in, std::uint64_t code, PageEntry& entry,
                  std::uint64_t& data_size) const;

  Bytes body_;  // of a compressed page
  std::vector<TimeColumn> times_;
  std::vector<PageEntry> entries_;
  ByteView data_;
};

}  // namespace narthex::storage::column
