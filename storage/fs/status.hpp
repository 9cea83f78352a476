// SPDX-License-Identifier: Apache-2.0
// status.hpp - what a file operation came to: nothing, or errno with what was tried on which path.
// Nothing in this room throws but std::bad_alloc. Immutable once made.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace narthex::storage::fs {

class [[nodiscard]] Status {
 public:
  Status() = default;
  // `error` is an errno value other than 0.
  Status(int error, std::string_view what, std::string_view path)
      : error_(error), what_(what), path_(path) {}

  bool ok() const noexcept { return error_ == 0; }
  int error() const noexcept { return error_; }
  const std::string& what() const noexcept { return what_; }
  const std::string& path() const noexcept { return path_; }
  // Space on the disk or in the quota is used up: it works again when some has been freed.
  bool is_full() const noexcept { return error_ == ENOSPC || error_ == EDQUOT; }
  // "write data/wal/3: No space left on device"; empty when it worked.
  std::string message() const {
    if (ok()) return {};
    return what_ + " " + path_ + ": " + std::generic_category().message(error_);
  }

 private:
  int error_ = 0;
  std::string what_;
  std::string path_;
};

// A value, or the Status that says why there is none.
template <class T>
using Result = narthex::Result<T, Status>;

}  // namespace narthex::storage::fs
