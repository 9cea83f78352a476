// SPDX-License-Identifier: Apache-2.0
// failure_log.hpp - scrape_failure_log_file: a JSON line for every scrape that failed. Thread-safe.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace narthex::scrape {

class FailureLog {
 public:
  // Opens for appending; the file is made when it is not there.
  static Result<std::shared_ptr<FailureLog>> open(const std::string& path);
  ~FailureLog();
  FailureLog(const FailureLog&) = delete;
  FailureLog& operator=(const FailureLog&) = delete;

  // A line that cannot be written is lost: scraping matters more.
  void write(std::int64_t now_ms, std::string_view job, std::string_view target,
             std::string_view error);

 private:
  explicit FailureLog(int file) : file_(file) {}
  std::mutex mutex_;
  const int file_;  // writes are guarded by mutex_
};

}  // namespace narthex::scrape
