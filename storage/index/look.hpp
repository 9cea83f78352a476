// SPDX-License-Identifier: Apache-2.0
// look.hpp - how long work on the index looks whether its query was cancelled: loops tell what they
// have done, as those of the query engine do. One thread.
#pragma once

#include <narthex/sdk/storage.hpp>

#include <atomic>
#include <cstddef>

namespace narthex::storage::index {

class Look {
 public:
  // Null: nobody cancels.
  explicit Look(const std::atomic<bool>* cancelled = nullptr) : cancelled_(cancelled) {}

  // Throws NX_ERR_CANCELLED when the query was cancelled.
  void now() {
    work_ = 0;
    if (cancelled_ != nullptr && cancelled_->load(std::memory_order_relaxed)) {
      throw sdk::Error(NX_ERR_CANCELLED, "the query was cancelled");
    }
  }
  // The same after so much work, once in kWorkPerLook: a unit is an access that misses the cache.
  void after(std::size_t work) {
    if ((work_ += work) >= kWorkPerLook) now();
  }

  static constexpr std::size_t kWorkPerLook = std::size_t{1} << 13;

 private:
  const std::atomic<bool>* cancelled_;
  std::size_t work_ = 0;
};

}  // namespace narthex::storage::index
