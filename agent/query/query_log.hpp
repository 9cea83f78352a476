// SPDX-License-Identifier: Apache-2.0
// query_log.hpp - the file that every query gets a line in (global.query_log_file). Lines are
// appended whole, each in one write. Thread-safe.
#pragma once

#include <narthex/sdk/result.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace narthex::query {

class QueryLog {
 public:
  // Opens the file anew, so that one that was rotated away is let go; an empty path ends logging.
  // On failure the file that was open stays.
  Status open(const std::string& path);
  bool enabled() const;
  // False when the line could not be written.
  bool write(std::string_view line);

 private:
  class File;
  mutable std::mutex mutex_;
  std::shared_ptr<File> file_;  // guarded by mutex_
};

}  // namespace narthex::query
