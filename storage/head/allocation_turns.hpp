// SPDX-License-Identifier: Apache-2.0
// allocation_turns.hpp - threads that allocate at a time take turns here, where they wait awake.
// glibc's allocator has one arena for all of ours and puts who waits for it to sleep, which costs
// a hundred times what an allocation does. Thread-safe.
#pragma once

#include <sched.h>

#include <atomic>

namespace narthex::storage::head {

class AllocationTurns {
 public:
  void lock() {
    constexpr int kPatience = 2000;
    for (int waited = 0; taken_.exchange(true, std::memory_order_acquire); ++waited) {
      while (taken_.load(std::memory_order_relaxed) && waited < kPatience) {
        ++waited;
        pause();
      }
      // Who has it may not be running.
      if (waited >= kPatience) ::sched_yield();
    }
  }
  void unlock() { taken_.store(false, std::memory_order_release); }

 private:
  static void pause() {
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
  }

  std::atomic<bool> taken_{false};
};

// A turn while it lives, where there are turns at all.
class AllocationTurn {
 public:
  explicit AllocationTurn(AllocationTurns* turns) : turns_(turns) {
    if (turns_ != nullptr) turns_->lock();
  }
  ~AllocationTurn() {
    if (turns_ != nullptr) turns_->unlock();
  }
  AllocationTurn(const AllocationTurn&) = delete;
  AllocationTurn& operator=(const AllocationTurn&) = delete;

 private:
  AllocationTurns* const turns_;
};

}  // namespace narthex::storage::head
