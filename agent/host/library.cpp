// SPDX-License-Identifier: Apache-2.0
#include "host/library.hpp"

#include "host/descriptor.hpp"
#include "host/file_trust.hpp"
#include "host/module_map.hpp"
#include "host/process_component.hpp"

#include <narthex/sdk/text.hpp>

#include <boost/dll/shared_library.hpp>

#include <exception>
#include <mutex>
#include <span>

namespace narthex::host {
namespace {

// Closing a library unmaps code that somebody may still run, and Boost.DLL closes in its
// destructor: so every handle moves in here, and this list is never destroyed.
void keep_for_ever(boost::dll::shared_library library) {
  static std::mutex mutex;
  static auto* const kept = new std::vector<boost::dll::shared_library>;
  const std::lock_guard lock(mutex);
  kept->push_back(std::move(library));
}

// Boost.DLL puts its own words around what the dynamic linker said.
std::string linker_words(std::string_view text) {
  constexpr std::string_view kBegin = "dlerror system message: ";
  const std::size_t at = text.find(kBegin);
  const std::size_t end = text.rfind(')');
  if (at == std::string_view::npos || end == std::string_view::npos) return std::string(text);
  return std::string(text.substr(at + kBegin.size(), end - at - kBegin.size()));
}

struct Entry {
  nx_plugin_entry function;
};

Result<Entry> load_entry(const std::string& path) {
  using boost::dll::load_mode::rtld_local;
  using boost::dll::load_mode::rtld_now;
  boost::dll::shared_library library;
  try {
    // Only the form that throws tells what the dynamic linker said.
    library.load(path, rtld_now | rtld_local);
  } catch (const std::exception& e) {
    return Status(NX_ERR_UNAVAILABLE, "cannot be loaded: " + linker_words(e.what()));
  }
  if (!library.has(NX_ENTRY_SYMBOL)) {
    keep_for_ever(std::move(library));
    return invalid_data("it does not export " NX_ENTRY_SYMBOL);
  }
  auto* const entry =
      reinterpret_cast<nx_plugin_entry>(&library.get<const nx_plugin*()>(NX_ENTRY_SYMBOL));
  keep_for_ever(std::move(library));
  return Entry{entry};
}

// The dynamic linker takes a name that it has met for the file that it has loaded. Another name of
// the same place leads it to look, and to find that the file is another one.
std::string another_name(const std::string& path, std::uint32_t generation) {
  const std::size_t slash = path.rfind('/');
  std::string name = path.substr(0, slash + 1);
  for (std::uint32_t i = 0; i < generation; ++i) name += "./";
  return name + path.substr(slash + 1);
}

const nx_plugin* call_entry(nx_plugin_entry entry) {
  try {
    return entry();
  } catch (...) {
    return nullptr;  // reported as a descriptor that is NULL
  }
}

std::string surplus_exports(const ElfFacts& facts) {
  std::size_t count = 0;
  std::string first;
  for (const std::string& name : facts.exports) {
    if (name.starts_with("narthex_plugin_v")) continue;
    if (count++ == 0) first = name;
  }
  if (count == 0) return {};
  return "exports " + std::to_string(count) + " symbols beside " NX_ENTRY_SYMBOL ", such as " +
         first + "; link it with narthex-plugin.map";
}

}  // namespace

Result<ElfFacts> Library::examine(const std::string& path) {
  if (Status status = check_file_trust(path); !status.ok()) return status.with_prefix(path);
  Result<ElfFacts> facts = read_elf_file(path);
  if (!facts.ok()) return facts.status().with_prefix(path);
  if (Status status = check_note(*facts); !status.ok()) return status.with_prefix(path);
  return facts;
}

std::shared_ptr<const Library> Library::elsewhere(const std::string& path, ElfFacts facts,
                                                  std::vector<ComponentFacts> components,
                                                  std::uint32_t generation) {
  auto library = std::make_shared<Library>();
  library->generation_ = generation;
  library->path_ = path;
  library->warning_ = surplus_exports(facts);
  library->process_ = make_process_plugin(facts, std::move(components));
  library->plugin_ = &library->process_->raw;
  library->facts_ = std::move(facts);
  library->facts_.exports.clear();
  return library;
}

Result<std::shared_ptr<const Library>> Library::open(const std::string& path,
                                                     std::uint32_t generation) {
  Result<ElfFacts> facts = examine(path);
  if (!facts.ok()) return facts.status();

  const Result<Entry> entry = load_entry(another_name(path, generation));
  if (!entry.ok()) return entry.status().with_prefix(path);
  map_plugin(reinterpret_cast<const void*>(entry->function), facts->id, facts->build_id);
  const nx_plugin* plugin = call_entry(entry->function);
  if (Status status = check_descriptor(*facts, plugin); !status.ok()) {
    return status.with_prefix(path);
  }
  auto library = std::make_shared<Library>();
  library->path_ = path;
  library->generation_ = generation;
  library->warning_ = surplus_exports(*facts);
  library->facts_ = *std::move(facts);
  library->facts_.exports.clear();
  library->plugin_ = plugin;
  return std::shared_ptr<const Library>(std::move(library));
}

const nx_component* Library::find(std::string_view interface_id, std::string_view name) const {
  for (const nx_component* c : std::span(plugin_->components, plugin_->component_count)) {
    if (!name.empty() && view(c->name) != name) continue;
    if (interface_id.empty() || interface_table(*c, interface_id) != nullptr) return c;
  }
  return nullptr;
}

const void* interface_table(const nx_component& component, std::string_view interface_id) {
  for (const nx_interface& offered : std::span(component.interfaces, component.interface_count)) {
    if (view(offered.id) == interface_id) return offered.vtable;
  }
  return nullptr;
}

}  // namespace narthex::host
