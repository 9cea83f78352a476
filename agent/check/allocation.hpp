// SPDX-License-Identifier: Apache-2.0
// allocation.hpp - lets an allocation of one library fail. The slots through which a loaded library
// calls malloc, operator new and the like are turned to functions of the kit; what other libraries
// allocate for it (libstdc++'s own code) is not touched. One object at a time; the counting is
// thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::check {

class AllocationHooks {
 public:
  // REQUIRES: the library is loaded.
  explicit AllocationHooks(const std::string& path);
  ~AllocationHooks();
  AllocationHooks(const AllocationHooks&) = delete;
  AllocationHooks& operator=(const AllocationHooks&) = delete;

  std::size_t count() const { return slots_.size(); }  // of slots that were turned
  // From now on the n-th allocation fails, from 1; 0: none. On this thread and others.
  void fail_at(std::uint64_t n);
  bool failed() const;
  // Bytes asked for since the last fail_at().
  std::uint64_t bytes() const;

 private:
  struct Slot {
    void** at;
    void* before;
  };
  std::vector<Slot> slots_;
};

}  // namespace narthex::check
