// SPDX-License-Identifier: Apache-2.0
// gate.hpp - bounds how many threads work on remote reads at once. Who holds a pass never waits for
// another one, so that the wait ends. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace narthex::remote_read {

class Gate {
 public:
  explicit Gate(std::uint64_t passes_max) : passes_max_(passes_max) {}  // 0: no bound

  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate) { gate_.enter(); }
    ~Pass() { gate_.leave(); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    Gate& gate_;
  };

 private:
  void enter() {
    std::unique_lock lock(mutex_);
    free_.wait(lock, [this] { return passes_max_ == 0 || passes_ < passes_max_; });
    ++passes_;
  }
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      --passes_;
    }
    free_.notify_one();
  }

  const std::uint64_t passes_max_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::uint64_t passes_ = 0;  // guarded by mutex_
};

}  // namespace narthex::remote_read
