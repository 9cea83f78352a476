// SPDX-License-Identifier: Apache-2.0
// table.hpp - an immutable table, open for reading: who is in it, and where the pages are.
//
// Series have ordinals 0 .. series_count-1 in placement order. Neighbours form a group; a group's
// samples are in its chunks, each a page: slot s of the page is series first_series + s. Times of
// chunks of a group ascend for every series, but chunks of different series of a group may overlap
// in time. A sample is in exactly one page.
//
// Thread-safe once open. Everything read is checked by its own CRC-32C; what fails gives EBADMSG
// with the place, and never a wrong value. Stays readable after the file has been unlinked.
#pragma once

#include "storage/column/page_view.hpp"
#include "storage/fs/file_system.hpp"
#include "storage/partition/table_writer.hpp"

#include <narthex/data.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace narthex::storage::partition {

struct TableChunk {
  std::int64_t min_t;
  std::int64_t max_t;
};

struct TableGroup {
  std::uint32_t first_series;
  std::uint32_t series_count;
  std::uint32_t first_chunk;  // into Table::chunks()
  std::uint32_t chunk_count;
};

// A page with the bytes it looks at.
struct TablePage {
  Bytes bytes;
  column::PageView view;
};

class Table {
 public:
  // Reads the directory only. EBADMSG: damaged, or no table.
  static fs::Result<std::shared_ptr<const Table>> open(fs::FileSystem& files,
                                                       const std::string& path);
  virtual ~Table() = default;

  virtual const std::string& path() const = 0;
  virtual const TableFigures& figures() const = 0;
  virtual std::span<const TableGroup> groups() const = 0;
  virtual std::span<const TableChunk> chunks() const = 0;
  // The group that holds a series. REQUIRES: ordinal < figures().series.
  virtual std::uint32_t group_of(std::uint32_t ordinal) const = 0;

  // Label sets in ordinal order, a few thousand at a time, as tables whose symbols are interned;
  // valid during the call. Damage ends it with an error.
  using IdentitySink = std::function<void(std::uint32_t first_ordinal, const nx_series_table&)>;
  virtual fs::Status identities(const IdentitySink& sink) const = 0;

  // Reads chunk `chunk` of the group (0 .. chunk_count-1).
  virtual fs::Result<std::shared_ptr<const TablePage>> page(std::uint32_t group,
                                                            std::uint32_t chunk) const = 0;
};

// Reads everything in a table; told of each damaged place.
struct TableDamage {
  std::string what;
  std::uint32_t first_series = 0;  // whose samples are lost: [first, first + count)
  std::uint32_t series_count = 0;
  std::int64_t min_t = 0;
  std::int64_t max_t = 0;
};
std::vector<TableDamage> verify_table(const Table& table);

}  // namespace narthex::storage::partition
