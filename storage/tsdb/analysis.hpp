// SPDX-License-Identifier: Apache-2.0
// analysis.hpp - who takes the room in a data folder: series by metric, label and pair, samples and
// bytes a table, and the series that come and go. Changes nothing. Memory: the label sets of all
// series (partition/label_sets.hpp) and 16 bytes each. One thread.
#pragma once

#include "storage/partition/label_sets.hpp"
#include "storage/tsdb/check_report.hpp"
#include "storage/tsdb/folder_list.hpp"
#include "storage/tsdb/folder_task.hpp"

#include <optional>
#include <string>
#include <vector>

namespace narthex::storage::tsdb {

class Analysis final : public FolderTask {
 public:
  static Result<std::unique_ptr<FolderTask>> begin(const Options& options,
                                                   Surroundings surroundings);

  Result<bool> step() override;
  nx_value tree(std::uint32_t top, sdk::TreeArena& arena) const override;

 private:
  // In which partitions a label set has samples.
  struct Seen {
    std::int64_t partition = 0;
    bool any = false;
    bool in_more = false;
  };

  Analysis(const Options& options, Surroundings surroundings, FolderList list)
      : path_(options.path), world_(std::move(surroundings)), list_(std::move(list)) {}
  void add_table(const partition::TableName& name);
  Status add_log();
  void see(std::uint32_t set, std::int64_t partition);
  // Of one partition only, where there are more.
  bool churns(std::uint32_t set) const;

  const std::string path_;
  const Surroundings world_;
  const FolderList list_;
  std::size_t next_ = 0;  // of list_.tables; behind them, the log
  std::optional<partition::TableName> last_;
  partition::LabelSets sets_;
  std::vector<Seen> seen_;  // by set
  std::vector<std::int64_t> partitions_;
  std::vector<std::uint64_t> log_sets_;  // bit by set: in the log
  std::uint64_t log_series_ = 0;
  CheckReport report_;
};

}  // namespace narthex::storage::tsdb
