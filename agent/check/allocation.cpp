// SPDX-License-Identifier: Apache-2.0
#include "check/allocation.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>

namespace narthex::check {
namespace {

std::atomic<std::uint64_t> g_allocations{0}, g_fail_at{0}, g_bytes{0};

bool refuse(std::size_t size) {
  g_bytes += size;
  return ++g_allocations == g_fail_at;
}

void* kit_malloc(std::size_t size) { return refuse(size) ? nullptr : std::malloc(size); }
void* kit_calloc(std::size_t count, std::size_t size) {
  return refuse(count * size) ? nullptr : std::calloc(count, size);
}
void* kit_realloc(void* block, std::size_t size) {
  return refuse(size) ? nullptr : std::realloc(block, size);
}
void* kit_new(std::size_t size) {
  if (refuse(size)) throw std::bad_alloc();
  return ::operator new(size);
}
void* kit_new_array(std::size_t size) {
  if (refuse(size)) throw std::bad_alloc();
  return ::operator new[](size);
}
void* kit_new_quiet(std::size_t size, const std::nothrow_t& quiet) {
  return refuse(size) ? nullptr : ::operator new(size, quiet);
}
void* kit_new_aligned(std::size_t size, std::align_val_t alignment) {
  if (refuse(size)) throw std::bad_alloc();
  return ::operator new(size, alignment);
}
void* kit_new_array_quiet(std::size_t size, const std::nothrow_t& quiet) {
  return refuse(size) ? nullptr : ::operator new[](size, quiet);
}
void* kit_new_array_aligned(std::size_t size, std::align_val_t alignment) {
  if (refuse(size)) throw std::bad_alloc();
  return ::operator new[](size, alignment);
}

struct Hook {
  std::string_view symbol;
  void* replacement;
};

const std::array<Hook, 9>& hooks() {
  static const std::array<Hook, 9> all = {{
      {"malloc", reinterpret_cast<void*>(&kit_malloc)},
      {"calloc", reinterpret_cast<void*>(&kit_calloc)},
      {"realloc", reinterpret_cast<void*>(&kit_realloc)},
      {"_Znwm", reinterpret_cast<void*>(&kit_new)},
      {"_Znam", reinterpret_cast<void*>(&kit_new_array)},
      {"_ZnwmRKSt9nothrow_t", reinterpret_cast<void*>(&kit_new_quiet)},
      {"_ZnwmSt11align_val_t", reinterpret_cast<void*>(&kit_new_aligned)},
      {"_ZnamRKSt9nothrow_t", reinterpret_cast<void*>(&kit_new_array_quiet)},
      {"_ZnamSt11align_val_t", reinterpret_cast<void*>(&kit_new_array_aligned)},
  }};
  return all;
}

// The tables of the dynamic section; the linker has turned their addresses into real ones.
struct Tables {
  const Elf64_Sym* symbols = nullptr;
  const char* names = nullptr;
  const Elf64_Rela* data = nullptr;
  const Elf64_Rela* calls = nullptr;
  std::size_t data_bytes = 0, calls_bytes = 0;
};

Tables tables_of(const link_map& map) {
  Tables t;
  for (const Elf64_Dyn* d = map.l_ld; d->d_tag != DT_NULL; ++d) {
    const auto address = d->d_un.d_ptr;
    if (d->d_tag == DT_SYMTAB) t.symbols = reinterpret_cast<const Elf64_Sym*>(address);
    if (d->d_tag == DT_STRTAB) t.names = reinterpret_cast<const char*>(address);
    if (d->d_tag == DT_RELA) t.data = reinterpret_cast<const Elf64_Rela*>(address);
    if (d->d_tag == DT_RELASZ) t.data_bytes = d->d_un.d_val;
    if (d->d_tag == DT_JMPREL) t.calls = reinterpret_cast<const Elf64_Rela*>(address);
    if (d->d_tag == DT_PLTRELSZ) t.calls_bytes = d->d_un.d_val;
  }
  return t;
}

void write_slot(void** at, void* value) {
  constexpr std::uintptr_t kPageMask = 4095;
  auto* const page = reinterpret_cast<char*>(reinterpret_cast<std::uintptr_t>(at) & ~kPageMask);
  // RELRO pages are read-only by now.
  if (::mprotect(page, kPageMask + 1, PROT_READ | PROT_WRITE) == 0) *at = value;
}

}  // namespace

AllocationHooks::AllocationHooks(const std::string& path) {
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (handle == nullptr) return;
  link_map* map = nullptr;
  if (::dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == nullptr) return;
  const Tables t = tables_of(*map);
  if (t.symbols == nullptr || t.names == nullptr) return;
  const auto turn = [&](const Elf64_Rela* list, std::size_t bytes) {
    for (std::size_t i = 0; list != nullptr && i < bytes / sizeof(Elf64_Rela); ++i) {
      const std::string_view name = t.names + t.symbols[ELF64_R_SYM(list[i].r_info)].st_name;
      for (const Hook& hook : hooks()) {
        if (hook.symbol != name) continue;
        auto** const at = reinterpret_cast<void**>(map->l_addr + list[i].r_offset);
        slots_.push_back({at, *at});
        write_slot(at, hook.replacement);
      }
    }
  };
  turn(t.data, t.data_bytes);
  turn(t.calls, t.calls_bytes);
  fail_at(0);
}

AllocationHooks::~AllocationHooks() {
  for (const Slot& slot : slots_) write_slot(slot.at, slot.before);
}

void AllocationHooks::fail_at(std::uint64_t n) {
  g_fail_at = n;
  g_allocations = 0;
  g_bytes = 0;
}

bool AllocationHooks::failed() const { return g_fail_at != 0 && g_allocations >= g_fail_at; }

std::uint64_t AllocationHooks::bytes() const { return g_bytes; }

}  // namespace narthex::check
