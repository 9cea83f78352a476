// SPDX-License-Identifier: Apache-2.0
// borrow.hpp - the arguments of one call, in memory that proves how a plugin treats them.
//
// Every argument has pages of its own and ends where a forbidden page begins. seal() makes them
// read-only, revoke() takes them away: a plugin that reads past a struct, writes into an argument,
// or keeps a pointer faults, and the fault handler (fault.hpp) names the argument. Works on release
// binaries, without sanitizers. Where that is too slow (Mode::guarded false) memory is ordinary.
//
// One thread at a time; the memory may be read from all of them.
#pragma once

#include "check/fault.hpp"

#include <narthex/data.h>
#include <narthex/sdk/text.hpp>

#include <cstring>
#include <memory>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace narthex::check {

class Borrow {
 public:
  struct Mode {
    bool guarded = true;
    // Structs are longer than the plugin knows, with garbage behind, and flags it has not heard of.
    bool grown = false;
  };
  // `entry` names the call in messages; static.
  Borrow(Mode mode, const char* entry) : mode_(mode), entry_(entry) {}
  ~Borrow() { revoke(); }
  Borrow(const Borrow&) = delete;
  Borrow& operator=(const Borrow&) = delete;

  // A copy of an extensible struct, with its size set.
  template <class T>
  T* make(const T& value, const char* label) {
    const std::size_t more = mode_.grown ? kGrowth : 0;
    char* const at = static_cast<char*>(room(sizeof(T) + more, label, true));
    std::memcpy(at, &value, sizeof(T));
    if (more != 0) std::memset(at + sizeof(T), 0xA5, more);
    T* const made = reinterpret_cast<T*>(at);
    made->struct_size = static_cast<std::uint32_t>(sizeof(T) + more);
    return made;
  }
  // Room for a struct that the plugin fills in: garbage but for its size.
  template <class T>
  T* out(const char* label) {
    const std::size_t more = mode_.grown ? kGrowth : 0;
    void* const at = room(sizeof(T) + more, label, false);
    std::memset(at, 0xA5, sizeof(T) + more);
    T* const made = static_cast<T*>(at);
    made->struct_size = static_cast<std::uint32_t>(sizeof(T) + more);
    return made;
  }
  // A copy of an array of frozen things. Empty: null.
  template <std::ranges::contiguous_range Range>
  auto* array(const Range& items, const char* label, bool sealed = true) {
    using T = std::remove_cv_t<std::ranges::range_value_t<Range>>;
    const std::span<const T> all(items);
    if (all.empty()) return static_cast<T*>(nullptr);
    void* const at = room(all.size_bytes(), label, sealed);
    std::memcpy(at, all.data(), all.size_bytes());
    return static_cast<T*>(at);
  }
  nx_str text(std::string_view text, const char* label);
  nx_value tree(const nx_value& value, const char* label);
  std::vector<nx_label> labels(std::span<const nx_label> labels, const char* label);
  const nx_series_table* table(const nx_series_table& table, const char* label);
  // 0, or flags that no header knows.
  std::uint32_t odd_flags() const { return mode_.grown ? 1u << 30 : 0; }
  Mode mode() const { return mode_; }

  void seal();
  void revoke();

 private:
  static constexpr std::size_t kGrowth = 64;
  void* room(std::size_t size, const char* label, bool sealed);

  const Mode mode_;
  const char* const entry_;
  std::vector<Region*> sealed_, open_;
  std::vector<std::unique_ptr<std::max_align_t[]>> plain_;
};

}  // namespace narthex::check
