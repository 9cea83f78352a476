// SPDX-License-Identifier: Apache-2.0
#include "host/module_map.hpp"

#include <link.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <mutex>

namespace narthex::host {
namespace {

constexpr std::size_t kModulesMax = 512;

// Written below `count` by nobody, above it under the mutex.
struct ModuleTable {
  std::array<MappedModule, kModulesMax> entries;
  std::atomic<std::size_t> count{0};
  std::mutex mutex;
};
constinit ModuleTable module_table;

struct PluginFact {
  std::uintptr_t address = 0;
  std::string_view id, build_id;
};

template <std::size_t N>
void copy_text(char (&to)[N], std::string_view from) {
  const std::size_t size = std::min(from.size(), N - 1);
  std::memcpy(to, from.data(), size);
  to[size] = 0;
}

int add_module(dl_phdr_info* info, std::size_t, void* argument) {
  const auto& fact = *static_cast<const PluginFact*>(argument);
  std::uintptr_t begin = UINTPTR_MAX;
  std::uintptr_t end = 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    begin = std::min<std::uintptr_t>(begin, info->dlpi_addr + segment.p_vaddr);
    end = std::max<std::uintptr_t>(end, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
  }
  const std::size_t count = module_table.count.load(std::memory_order_relaxed);
  if (begin >= end || count == kModulesMax || module_of(begin) != nullptr) return 0;
  MappedModule& made = module_table.entries[count];
  made.begin = begin;
  made.end = end;
  made.base = info->dlpi_addr;
  const std::string_view path = info->dlpi_name != nullptr ? info->dlpi_name : "";
  copy_text(made.file, path.empty() ? "narthex" : path.substr(path.rfind('/') + 1));
  if (fact.address >= begin && fact.address < end) {
    copy_text(made.plugin, fact.id);
    copy_text(made.build_id, fact.build_id);
  }
  module_table.count.store(count + 1, std::memory_order_release);
  return 0;
}

void map_with(PluginFact fact) {
  const std::lock_guard lock(module_table.mutex);
  dl_iterate_phdr(&add_module, &fact);
}

}  // namespace

void map_modules() { map_with({}); }

void map_plugin(const void* address, std::string_view id, std::string_view build_id) {
  map_with({reinterpret_cast<std::uintptr_t>(address), id, build_id});
}

const MappedModule* module_of(std::uintptr_t address) noexcept {
  const std::size_t count = module_table.count.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < count; ++i) {
    const MappedModule& module = module_table.entries[i];
    if (address >= module.begin && address < module.end) return &module;
  }
  return nullptr;
}

const MappedModule* module_of_plugin(const char* id) noexcept {
  const std::size_t count = module_table.count.load(std::memory_order_acquire);
  for (std::size_t i = count; i-- > 0;) {
    if (std::strcmp(module_table.entries[i].plugin, id) == 0) return &module_table.entries[i];
  }
  return nullptr;
}

}  // namespace narthex::host
