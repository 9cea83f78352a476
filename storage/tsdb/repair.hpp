// SPDX-License-Identifier: Apache-2.0
// repair.hpp - makes of a damaged data folder one that is whole, and loses nothing that can be
// read: what is readable of a damaged table becomes a new one, what is readable of the log becomes
// tables by an ordinary recovery and flush. What is damaged stays in quarantine/ folders. One
// thread.
#pragma once

#include "storage/tsdb/files.hpp"
#include "storage/tsdb/folder_check.hpp"
#include "storage/tsdb/folder_task.hpp"

#include <optional>
#include <string>
#include <vector>

namespace narthex::storage::tsdb {

// Checks first; where all is good it changes nothing. Checks again at the end. A crash at any time
// leaves a folder that can be repaired again.
class Repair final : public FolderTask {
 public:
  static Result<std::unique_ptr<FolderTask>> begin(const Options& options,
                                                   Surroundings surroundings);

  Result<bool> step() override;
  nx_value tree(std::uint32_t top, sdk::TreeArena& arena) const override;

 private:
  enum class Phase { kCheck, kTables, kLog, kCheckAgain, kDone };

  Repair(const Options& options, Surroundings surroundings, FolderCheck before)
      : options_(options), world_(std::move(surroundings)), before_(std::move(before)) {}
  void plan();
  Status mend_table(const partition::TableName& name);
  Status mend_tombstones(const partition::TableName& name);
  Status mend_log();
  void did(std::string what) { actions_.push_back(std::move(what)); }

  const Options options_;
  const Surroundings world_;
  FolderCheck before_;
  std::optional<FolderCheck> after_;
  Phase phase_ = Phase::kCheck;
  std::vector<partition::TableName> tables_;      // damaged, from the end on
  std::vector<partition::TableName> tombstones_;  // damaged
  std::vector<std::string> segments_;             // damaged: file names
  std::vector<std::string> actions_;
};

}  // namespace narthex::storage::tsdb
