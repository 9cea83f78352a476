// SPDX-License-Identifier: Apache-2.0
// flush.hpp - moves the head's samples into tables, one a partition: marks them, writes them in
// slices while commits and queries go on, shows the tables, drops what was marked.
//
// One flush at a time, by one thread; nothing else that takes samples out of the head may run
// between its steps. Destroying it before it is done takes the marks back.
#pragma once

#include "storage/head/series_reader.hpp"
#include "storage/partition/table_writer.hpp"
#include "storage/tsdb/archive.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace narthex::storage::tsdb {

struct FlushFigures {
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;
  std::uint64_t tables = 0;
};

class Flush {
 public:
  Flush(head::Core& core, fs::FileSystem& files, partition::Catalogue& catalogue,
        TableArchive& archive, const partition::TableOptions& options);
  ~Flush();
  Flush(const Flush&) = delete;
  Flush& operator=(const Flush&) = delete;

  enum class Progress { kMore, kDone };
  // Goes on until should_pause, asked every few series, says so. kDone: the tables are durable and
  // shown, the head has let go. After an error nothing of it is in any table.
  fs::Result<Progress> step(const std::function<bool()>& should_pause);
  const FlushFigures& figures() const { return figures_; }

 private:
  struct Output {
    partition::TableName name;
    std::unique_ptr<partition::TableWriter> writer;
    std::vector<std::uint32_t> ids;  // in ordinal order
  };
  // One series on its way out.
  struct Columns {
    std::vector<std::int64_t> times;
    std::vector<double> values;
    std::vector<std::int64_t> starts;
    std::vector<std::int64_t> histogram_times;
    std::vector<nx_histogram> histograms;
    std::vector<std::int64_t> histogram_starts;
  };

  void mark();
  fs::Status write_slice();
  fs::Status write_series(head::SeriesReader& reader, const head::CopiedSeries& copied);
  void read_own(const head::SeriesReader& reader, const head::CopiedSeries& copied, bool starts);
  fs::Status write_columns(const head::Series& series);
  fs::Result<Output*> output_for(std::int64_t partition);
  fs::Status finish_tables();
  void discard_tables();
  void show();
  void drop_slice();

  head::Core& core_;
  fs::FileSystem& files_;
  partition::Catalogue& catalogue_;
  TableArchive& archive_;
  const partition::TableOptions options_;
  const std::uint64_t sequence_;
  std::vector<std::uint32_t> ids_;  // in placement order
  std::size_t next_ = 0;            // the first that was not written, or not dropped
  enum class Phase { kMark, kWrite, kFinish, kDrop, kDone } phase_ = Phase::kMark;
  std::map<std::int64_t, Output> outputs_;
  std::int64_t newest_t_ = INT64_MIN;  // of what was written
  Columns columns_;
  std::vector<std::uint64_t> bits_;
  std::vector<partition::Label> labels_;
  FlushFigures figures_;
};

}  // namespace narthex::storage::tsdb
