// SPDX-License-Identifier: Apache-2.0
// folder_task.hpp - what the backend does with a data folder instead of opening it: verify, repair
// or analyze. Works in steps and tells as a tree. One thread at a time.
#pragma once

#include "storage/tsdb/files.hpp"

#include <narthex/sdk/value.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace narthex::storage::tsdb {

class FolderTask {
 public:
  // `kind`: verify, repair or analyze. An error where there is no data folder to look at.
  static Result<std::unique_ptr<FolderTask>> make(std::string_view kind, const Options& options,
                                                  Surroundings surroundings);
  virtual ~FolderTask() = default;

  // A step may take as long as reading one table, or the log. True: there is more to do.
  virtual Result<bool> step() = 0;
  // What has been found so far; `top` rows a ranking.
  virtual nx_value tree(std::uint32_t top, sdk::TreeArena& arena) const = 0;
};

}  // namespace narthex::storage::tsdb
