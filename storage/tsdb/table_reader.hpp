// SPDX-License-Identifier: Apache-2.0
// table_reader.hpp - the archived samples of one series after the other, out of all open tables
// that overlap. A cursor's; used by its thread.
#pragma once

#include "storage/tsdb/archive.hpp"
#include "storage/tsdb/missing_notes.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace narthex::storage::tsdb {

class TableReader final : public head::ArchiveReader {
 public:
  // REQUIRES: `missing` lives longer.
  TableReader(TableArchive& archive, const head::ArchiveRange& range, MissingNotes& missing)
      : archive_(archive), range_(range), missing_(missing) {}

  void refresh() override;
  bool may_hold(const head::Series& series) const override;
  std::uint64_t place_of(const head::Series& series) const override;
  bool find_column(const head::Series& series, head::ArchivedColumn& out) override;
  void take_times(std::int64_t* out) override;
  bool has_times(const std::int64_t* times) const override;
  std::uint8_t take_values(std::uint64_t* out) override;
  void read(const head::Series& series, head::ArchivedSamples& out) override;

 private:
  // A table in range, and the pages of the group that was read last.
  struct Source {
    std::shared_ptr<const OpenTable> table;
    std::uint32_t group = UINT32_MAX;
    std::vector<std::shared_ptr<const CachedPage>> pages;  // of its chunks; null: not yet, or bad
    std::vector<bool> bad;
  };

  // Rows [from, from + count) of a column of a page.
  struct Piece {
    const CachedPage* page;
    const column::PageEntry* entry;
    std::size_t from;
    std::size_t count;
    bool same_times(const Piece& other) const {
      return page == other.page && entry->time_column == other.entry->time_column &&
             from == other.from && count == other.count;
    }
  };
  enum class Found { kAdded, kNone, kOther };

  bool find_pieces(Source& source, std::uint32_t ordinal);
  Found find_piece(Source& source, std::uint32_t ordinal, std::uint32_t chunk);
  void read_table(Source& source, std::uint32_t ordinal, head::ArchivedSamples& out);
  void read_newest(Source& source, std::uint32_t ordinal, head::ArchivedSamples& out);
  bool read_chunk(Source& source, std::uint32_t ordinal, std::uint32_t chunk,
                  head::ArchivedSamples& out);
  const CachedPage* page(Source& source, std::uint32_t group, std::uint32_t chunk);
  void damaged(const Source& source, const std::string& why);
  bool read_entry(const CachedPage& page, const column::PageEntry& entry,
                  head::ArchivedSamples& out);

  TableArchive& archive_;
  const head::ArchiveRange range_;
  MissingNotes& missing_;
  std::shared_ptr<const OpenTables> seen_;
  std::vector<Source> sources_;
  std::size_t largest_ = 0;    // of sources_
  std::vector<Piece> pieces_;  // of the column that was found last
  std::vector<Piece> before_;  // and of the one before it
  std::uint64_t times_id_ = 0;
  head::ArchivedSamples piece_;
  head::ArchivedSamples merged_;
  std::vector<double> values_;
  column::HistogramRows histograms_;
};

}  // namespace narthex::storage::tsdb
