// SPDX-License-Identifier: Apache-2.0
#include "host/library_set.hpp"

#include <narthex/ingest.h>
#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>

namespace narthex::host {
namespace {

namespace fs = std::filesystem;

// First part of the ids of our own plugins. Such a plugin is of that kind and of no other.
constexpr std::array<std::string_view, 7> kKinds = {"discovery", "protocol", "ingest",  "exporter",
                                                    "storage",   "function", "notifier"};

bool may_be_of_kind(std::string_view id, std::string_view kind) {
  const std::string_view first = id.substr(0, id.find('.'));
  return first == kind || kind.empty() || std::ranges::find(kKinds, first) == kKinds.end();
}

std::string file_name(std::string_view kind, std::string_view component) {
  return "narthex_" + std::string(kind) + '_' + std::string(component) + ".so";
}

std::string canonical_path(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return error ? path.string() : real.string();
}

// Why a plugin that is there cannot do what is asked.
std::string lacking(std::string_view interface_id, std::string_view component) {
  std::string text =
      "plugin \"" + std::string(component) + "\" does not offer " + std::string(interface_id);
  if (interface_id == NX_INGEST_ID) text += ": it needs sockets of its own, set listen";
  if (interface_id == NX_INGEST_DATAGRAM_ID) text += ": it takes HTTP only, leave listen out";
  return text;
}

}  // namespace

LibrarySet::LibrarySet(std::vector<std::string> folders) : folders_(std::move(folders)) {}

Result<FoundComponent> LibrarySet::find(std::string_view interface_id, std::string_view kind,
                                        std::string_view component) {
  const std::lock_guard lock(mutex_);
  const auto search = [&] { return search_loaded(interface_id, component); };
  if (FoundComponent known = search(); known.component != nullptr) return known;
  for (const std::string& folder : folders_) {
    const fs::path path = fs::path(folder) / file_name(kind, component);
    std::error_code error;
    if (!fs::is_regular_file(path, error)) continue;
    load(canonical_path(path));
    if (FoundComponent found = search(); found.component != nullptr) return found;
  }
  load_candidates(kind, [&] { return search().component != nullptr; });
  if (FoundComponent found = search(); found.component != nullptr) return found;
  return not_found(explain(interface_id, kind, component));
}

std::vector<FoundComponent> LibrarySet::find_all(std::string_view interface_id,
                                                 std::string_view kind) {
  const std::lock_guard lock(mutex_);
  load_candidates(kind, [] { return false; });
  std::vector<FoundComponent> all;
  for (const auto& [path, library] : loaded_) {
    const nx_plugin& plugin = library->plugin();
    for (const nx_component* c : std::span(plugin.components, plugin.component_count)) {
      if (interface_table(*c, interface_id) != nullptr) all.push_back({library, c});
    }
  }
  std::ranges::stable_sort(all, {}, [](const FoundComponent& f) { return f.library->id(); });
  return all;
}

void LibrarySet::load_everything() {
  const std::lock_guard lock(mutex_);
  load_candidates({}, [] { return false; });
}

std::vector<std::shared_ptr<const Library>> LibrarySet::loaded() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const Library>> all;
  for (const auto& [path, library] : loaded_) all.push_back(library);
  std::ranges::sort(all, {}, [](const auto& library) { return library->id(); });
  return all;
}

std::map<std::string, std::string> LibrarySet::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

FoundComponent LibrarySet::search_loaded(std::string_view interface_id,
                                         std::string_view component) const {
  for (const auto& [path, library] : loaded_) {
    if (const nx_component* c = library->find(interface_id, component)) return {library, c};
  }
  return {};
}

void LibrarySet::load(const std::string& path) {
  if (loaded_.contains(path) || refused_.contains(path)) return;
  Result<std::shared_ptr<const Library>> opened = Library::open(path);
  std::string reason = opened.ok() ? std::string() : opened.status().message();
  if (opened.ok()) {
    for (const auto& [other, library] : loaded_) {
      if (library->id() == (*opened)->id()) reason = path + ": its id is that of " + other;
    }
  }
  if (!reason.empty()) {
    log_.warn("plugin file refused", {{"file", path}, {"reason", reason}});
    refused_.emplace(path, std::move(reason));
    return;
  }
  if (!(*opened)->warning().empty()) {
    log_.warn("plugin file is odd", {{"file", path}, {"reason", (*opened)->warning()}});
  }
  loaded_.emplace(path, *std::move(opened));
}

// Loads files that could be of the kind, in order of search, until `enough` says so.
void LibrarySet::load_candidates(std::string_view kind, const std::function<bool()>& enough) {
  for (const std::string& path : unseen_files()) {
    const Result<ElfFacts> facts = read_elf_file(path);
    // A file without a good note goes to load() as well: that is where refusals are recorded.
    if (facts.ok() && facts->has_note && !may_be_of_kind(facts->id, kind)) continue;
    load(path);
    if (enough()) return;
  }
}

std::vector<std::string> LibrarySet::unseen_files() const {
  std::vector<std::string> paths;
  for (const std::string& folder : folders_) {
    std::vector<std::string> here;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().extension() == ".so") here.push_back(canonical_path(entry.path()));
    }
    std::ranges::sort(here);
    paths.insert(paths.end(), here.begin(), here.end());
  }
  std::erase_if(paths, [&](const std::string& path) {
    return loaded_.contains(path) || refused_.contains(path);
  });
  return paths;
}

std::string LibrarySet::explain(std::string_view interface_id, std::string_view kind,
                                std::string_view component) const {
  const std::string id = std::string(kind) + '.' + std::string(component);
  for (const auto& [path, library] : loaded_) {
    if (library->id() == id) return lacking(interface_id, component);
  }
  std::string text = "no plugin offers " + std::string(kind) + " \"" + std::string(component) +
                     "\": " + file_name(kind, component) + " is not in";
  if (folders_.empty()) text += " any folder, none is configured";
  for (const std::string& folder : folders_) text += ' ' + folder;
  for (const auto& [path, reason] : refused_) {
    if (fs::path(path).filename() == file_name(kind, component)) return reason;
    text += "; refused: " + reason;
  }
  return text;
}

}  // namespace narthex::host
