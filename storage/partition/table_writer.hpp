// SPDX-License-Identifier: Apache-2.0
// table_writer.hpp - writes one immutable table: series in placement order, column pages, a
// directory. Format: storage/docs/tables.md.
//
// The file is made under a temporary name and gets its own when it is whole and synced; destroying
// a writer that was not finished removes what it wrote. Memory: one group of series (the samples
// of about `page_bytes` for each 1,024 rows) and the directory. One thread.
#pragma once

#include "storage/fs/file_system.hpp"
#include "storage/partition/series_samples.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace narthex::storage::partition {

struct TableOptions {
  bool compress = true;                  // zstd a page
  std::uint32_t page_bytes = 32 * 1024;  // about, uncompressed
};

struct TableFigures {
  std::uint64_t series = 0;
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;  // of the file
  std::int64_t min_t = INT64_MAX;
  std::int64_t max_t = INT64_MIN;
};

class TableWriter {
 public:
  static fs::Result<std::unique_ptr<TableWriter>> create(fs::FileSystem& files,
                                                         const std::string& path,
                                                         const TableOptions& options);
  virtual ~TableWriter() = default;

  // Copies what it keeps. REQUIRES: not empty(); behind the series before it in placement order
  // (never equal).
  virtual fs::Status add(const SeriesSamples& series) = 0;
  // Syncs the file, names it, syncs the folder. Nothing may be called after it.
  virtual fs::Result<TableFigures> finish() = 0;
};

}  // namespace narthex::storage::partition
