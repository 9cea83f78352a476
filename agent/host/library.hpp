// SPDX-License-Identifier: Apache-2.0
// library.hpp - one plugin file in memory. Boost.DLL lives in library.cpp only.
//
// Order of loading: owner and mode -> ELF note -> dlopen -> entry -> descriptor; the first refusal
// ends it, and nothing of the file has run before its note was good. A file once loaded stays
// mapped until the process ends, whatever becomes of this object (why: host/README.md). Immutable.
#pragma once

#include "host/elf_file.hpp"

#include <narthex/plugin.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {

struct ComponentFacts;
struct ProcessPlugin;

class Library {
 public:
  // Messages begin with the path.
  // A `generation` above 0 loads a file beside the one that was there before it, which stays.
  static Result<std::shared_ptr<const Library>> open(const std::string& path,
                                                     std::uint32_t generation = 0);
  // Everything that open() looks at before anything of the file runs.
  static Result<ElfFacts> examine(const std::string& path);
  // A file that is not in this process: `components` is what another one found in it.
  static std::shared_ptr<const Library> elsewhere(const std::string& path, ElfFacts facts,
                                                  std::vector<ComponentFacts> components,
                                                  std::uint32_t generation = 0);

  const std::string& path() const { return path_; }
  const std::string& id() const { return facts_.id; }
  const ElfFacts& facts() const { return facts_; }
  const nx_plugin& plugin() const { return *plugin_; }
  // Its plugin runs in processes of its own.
  bool isolated() const { return process_ != nullptr; }
  // How often the file was another one since the agent began.
  std::uint32_t generation() const { return generation_; }
  // What is odd but no reason to refuse it: symbols exported beside the entry.
  const std::string& warning() const { return warning_; }

  // The component of that name that offers the interface; empty name: any. Null: none.
  const nx_component* find(std::string_view interface_id, std::string_view name) const;

 private:
  std::string path_;
  ElfFacts facts_;
  const nx_plugin* plugin_ = nullptr;
  std::string warning_;
  std::uint32_t generation_ = 0;
  std::shared_ptr<const ProcessPlugin> process_;  // null: it is in this process
};

// The vtable of an interface of a component, or null.
const void* interface_table(const nx_component& component, std::string_view interface_id);

}  // namespace narthex::host
