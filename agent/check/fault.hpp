// SPDX-License-Identifier: Apache-2.0
// fault.hpp - pages that tell who touches them, and the signal handler that listens. Used in child
// processes only: a fault is reported through the reporter's pipe and ends the child.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

namespace narthex::check {

enum class Access { kOpen, kReadOnly, kRevoked };

// Some pages, followed by one that nobody may touch. `first` up to `last` is the object.
struct Region {
  std::atomic<bool> used{false};
  char* pages = nullptr;
  std::size_t size_bytes = 0;  // of the pages, without the forbidden one
  char* first = nullptr;
  char* last = nullptr;
  std::atomic<Access> access{Access::kOpen};
  const char* label = "";  // static texts
  const char* entry = "";
};

// Thread-safe. The object ends at the forbidden page. The oldest revoked regions are given back
// when there are very many.
Region* make_region(std::size_t size_bytes, const char* label, const char* entry);
void set_access(Region& region, Access access);

// The entry point that the calling thread is in. `entry`: static. Thread-safe.
void set_current_entry(const char* entry);
// That of this thread; on a thread that the kit never called the plugin from, the last of any.
std::string current_entry();
// The last that any thread of this process or its child was in, also after the child has died.
std::string last_entry();
// For the parent, before it forks: makes the page that both see.
void share_current_entry();

// Installs the handler for this process; reports go to fd.
void listen_for_faults(int fd);

}  // namespace narthex::check
