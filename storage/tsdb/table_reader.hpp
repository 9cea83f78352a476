// SPDX-License-Identifier: Apache-2.0
// table_reader.hpp - the archived samples of one series after the other, out of all open tables
// that overlap. A cursor's; used by its thread.
#pragma once

#include "storage/tsdb/archive.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace narthex::storage::tsdb {

class TableReader final : public head::ArchiveReader {
 public:
  TableReader(TableArchive& archive, const head::ArchiveRange& range)
      : archive_(archive), range_(range) {}

  void refresh() override;
  bool may_hold(const head::Series& series) const override;
  std::uint64_t place_of(const head::Series& series) const override;
  void read(const head::Series& series, head::ArchivedSamples& out) override;

 private:
  // A table in range, and the pages of the group that was read last.
  struct Source {
    std::shared_ptr<const OpenTable> table;
    std::uint32_t group = UINT32_MAX;
    std::vector<std::shared_ptr<const CachedPage>> pages;  // of its chunks; null: not yet, or bad
    std::vector<bool> bad;
  };

  void read_table(Source& source, std::uint32_t ordinal, head::ArchivedSamples& out);
  void read_newest(Source& source, std::uint32_t ordinal, head::ArchivedSamples& out);
  bool read_chunk(Source& source, std::uint32_t ordinal, std::uint32_t chunk,
                  head::ArchivedSamples& out);
  const CachedPage* page(Source& source, std::uint32_t group, std::uint32_t chunk);
  bool read_entry(const CachedPage& page, const column::PageEntry& entry,
                  head::ArchivedSamples& out);

  TableArchive& archive_;
  const head::ArchiveRange range_;
  std::shared_ptr<const OpenTables> seen_;
  std::vector<Source> sources_;
  std::size_t largest_ = 0;  // of sources_
  head::ArchivedSamples piece_;
  head::ArchivedSamples merged_;
  std::vector<double> values_;
  column::HistogramRows histograms_;
};

}  // namespace narthex::storage::tsdb
