// SPDX-License-Identifier: Apache-2.0
#include "check/fault.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdint>
#include <mutex>

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

namespace narthex::check {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kRegionsMax = 8192;

// Read by the signal handler, so nothing here is allocated or moved.
std::array<Region, kRegionsMax> g_regions;
std::mutex g_region_mutex;
std::size_t g_next_region = 0;  // guarded by g_region_mutex
int g_fault_fd = -1;

struct Shared {
  char entry[160];
};
Shared* g_shared = nullptr;
std::mutex g_entry_mutex;  // writers of g_shared->entry, several threads of the child
thread_local const char* t_entry = nullptr;

// Without the lock, for the signal handler.
const char* entry_now() {
  if (t_entry != nullptr) return t_entry;
  return g_shared != nullptr ? g_shared->entry : "a call";
}

void give_back(Region& region) {
  if (region.pages != nullptr) ::munmap(region.pages, region.size_bytes + kPage);
  region.pages = nullptr;
}

// A region that is free or, when none is, the next revoked one.
Region* free_region() {
  for (std::size_t tried = 0; tried < kRegionsMax; ++tried) {
    Region& region = g_regions[g_next_region];
    g_next_region = (g_next_region + 1) % kRegionsMax;
    if (region.used && region.access != Access::kRevoked) continue;
    region.used = false;
    give_back(region);
    return &region;
  }
  return nullptr;
}

bool was_write([[maybe_unused]] void* context) {
#ifdef __x86_64__
  return (static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & 2) != 0;
#else
  return false;
#endif
}

const Region* region_at(const char* address) {
  for (const Region& region : g_regions) {
    if (region.used && address >= region.pages &&
        address < region.pages + region.size_bytes + kPage)
      return &region;
  }
  return nullptr;
}

void tell(std::initializer_list<const char*> parts) {
  char line[512];
  std::size_t size = 0;
  for (const char* part : parts) {
    for (; *part != '\0' && size < sizeof line - 1; ++part) line[size++] = *part;
  }
  line[size++] = '\n';
  [[maybe_unused]] const ssize_t written = ::write(g_fault_fd, line, size);
}

void on_fault(int signal, siginfo_t* info, void* context) {
  const char* const entry = entry_now();
  const auto* const address = static_cast<const char*>(info->si_addr);
  const Region* const region = signal == SIGSEGV || signal == SIGBUS ? region_at(address) : nullptr;
  if (region == nullptr) {
    const char* const name = signal == SIGSEGV  ? "SIGSEGV"
                             : signal == SIGBUS ? "SIGBUS"
                             : signal == SIGFPE ? "SIGFPE"
                                                : "SIGILL";
    tell({"F\tNXR-ERR-4\t", entry, " crashed with ", name});
  } else if (address >= region->pages + region->size_bytes) {
    tell({"F\tNXR-VER-2\t", entry, was_write(context) ? " writes" : " reads", " past the end of ",
          region->label, " of ", region->entry});
  } else if (region->access == Access::kRevoked) {
    tell({"F\tNXR-OWN-1\t", entry, " uses ", region->label, ", which was lent for ", region->entry,
          " and has been taken back"});
  } else {
    tell({"F\tNXR-OWN-1\t", entry, " writes into ", region->label, " of ", region->entry,
          ", which is read-only"});
  }
  ::_exit(1);
}

}  // namespace

Region* make_region(std::size_t size_bytes, const char* label, const char* entry) {
  const std::lock_guard lock(g_region_mutex);
  Region* const region = free_region();
  if (region == nullptr) return nullptr;
  const std::size_t rounded = (size_bytes + kPage - 1) / kPage * kPage;
  void* const pages =
      ::mmap(nullptr, rounded + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
  region->pages = static_cast<char*>(pages);
  region->size_bytes = rounded;
  ::mprotect(region->pages + rounded, kPage, PROT_NONE);
  region->last = region->pages + rounded;
  region->first = region->last - size_bytes;
  region->label = label;
  region->entry = entry;
  region->access = Access::kOpen;
  region->used = true;
  return region;
}

void set_access(Region& region, Access access) {
  const int protection = access == Access::kOpen       ? PROT_READ | PROT_WRITE
                         : access == Access::kReadOnly ? PROT_READ
                                                       : PROT_NONE;
  region.access = access;
  ::mprotect(region.pages, region.size_bytes, protection);
}

void share_current_entry() {
  if (g_shared != nullptr) return;
  void* const page =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page != MAP_FAILED) g_shared = static_cast<Shared*>(page);
}

void set_current_entry(const char* entry) {
  t_entry = entry;
  const std::lock_guard lock(g_entry_mutex);
  if (g_shared != nullptr) std::snprintf(g_shared->entry, sizeof g_shared->entry, "%s", entry);
}

std::string current_entry() { return t_entry != nullptr ? t_entry : last_entry(); }

std::string last_entry() {
  const std::lock_guard lock(g_entry_mutex);
  return g_shared != nullptr ? g_shared->entry : "a call";
}

void listen_for_faults(int fd) {
  g_fault_fd = fd;
  static std::array<char, 64 * 1024> stack;
  stack_t alternate{};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = &on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) ::sigaction(signal, &action, nullptr);
}

}  // namespace narthex::check
