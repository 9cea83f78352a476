// SPDX-License-Identifier: Apache-2.0
#include "cli/data_lock.hpp"

#include <filesystem>

namespace narthex::cli {

Result<runtime::DataDirectory> lock_data_directory(const DataOptions& options, bool create) {
  std::error_code failed;
  if (!create && !std::filesystem::is_directory(options.data_dir, failed)) {
    return not_found("data directory " + options.data_dir + ": does not exist");
  }
  Result<runtime::DataDirectory> directory = runtime::DataDirectory::open(options.data_dir);
  if (directory.ok()) return directory;
  Status status = directory.status();
  if (status.code() != NX_ERR_ALREADY_EXISTS) return status;
  return Status(status.code(), status.message() + ": stop the agent that runs there" +
                                   (create ? ", or push to it with --url" : ""));
}

}  // namespace narthex::cli
