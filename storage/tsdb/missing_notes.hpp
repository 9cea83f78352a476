// SPDX-License-Identifier: Apache-2.0
// missing_notes.hpp - what could not be read of what a querier was asked for, as it is told with
// the answer: each text once, the first few of them. Thread-safe.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace narthex::storage::tsdb {

class MissingNotes {
 public:
  void add(std::string text) {
    const std::lock_guard lock(mutex_);
    if (std::find(texts_.begin(), texts_.end(), text) != texts_.end()) return;
    if (texts_.size() == kTextsMax) {
      more_ = true;
    } else {
      texts_.push_back(std::move(text));
    }
  }
  // Empty: nothing is missing.
  std::string text() const {
    const std::lock_guard lock(mutex_);
    if (texts_.empty()) return {};
    std::string out = "samples are missing, the storage cannot read them: ";
    for (std::size_t i = 0; i < texts_.size(); ++i) out += (i == 0 ? "" : "; ") + texts_[i];
    return more_ ? out + "; and more" : out;
  }

 private:
  static constexpr std::size_t kTextsMax = 3;
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
  bool more_ = false;
};

}  // namespace narthex::storage::tsdb
