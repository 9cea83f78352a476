// SPDX-License-Identifier: Apache-2.0
// folder_check.hpp - reads everything in a data folder that no backend has open, and tells what
// cannot be read. Changes nothing: no file is made, written, renamed or removed. One thread.
#pragma once

#include "storage/tsdb/check_report.hpp"
#include "storage/tsdb/folder_list.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace narthex::storage::tsdb {

class FolderCheck {
 public:
  // An error where the folder cannot be listed, or has neither tables nor a log.
  static Result<FolderCheck> begin(fs::FileSystem& files, std::string path);

  // Checks one table, or the log; false when all is done.
  bool step();
  const CheckReport& report() const { return report_; }

 private:
  FolderCheck(fs::FileSystem& files, std::string path, FolderList list);

  void check_table(const partition::TableName& name);
  void check_tombstones(const partition::TableName& name, TableRow& row);
  void check_log();
  void check_inventory();
  bool stands_aside_for_another(const partition::TableName& name) const;

  fs::FileSystem& files_;
  const std::string path_;
  const FolderList list_;
  CheckReport report_;
  std::size_t next_ = 0;                      // of list_.tables; behind them, the log
  std::optional<partition::TableName> last_;  // that could be opened
};

}  // namespace narthex::storage::tsdb
