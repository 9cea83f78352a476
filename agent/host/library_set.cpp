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
std::string lacking(std::string_view interface_id, std::string_view component, bool isolated) {
  std::string text =
      "plugin \"" + std::string(component) + "\" does not offer " + std::string(interface_id);
  if (isolated) text += " from a process of its own";
  if (interface_id == NX_INGEST_ID) text += ": it needs sockets of its own, set listen";
  if (interface_id == NX_INGEST_DATAGRAM_ID) text += ": it takes HTTP only, leave listen out";
  return text;
}

}  // namespace

LibrarySet::LibrarySet(std::vector<std::string> folders, LoadRules rules)
    : folders_(std::move(folders)), rules_(std::move(rules)) {}

Result<FoundComponent> LibrarySet::find(std::string_view interface_id, std::string_view kind,
                                        std::string_view component, bool isolated) {
  const std::lock_guard lock(mutex_);
  const auto search = [&] { return search_loaded(interface_id, component, isolated); };
  if (FoundComponent known = search(); known.component != nullptr) return known;
  for (const std::string& folder : folders_) {
    const fs::path path = fs::path(folder) / file_name(kind, component);
    std::error_code error;
    if (!fs::is_regular_file(path, error)) continue;
    const std::string canonical = canonical_path(path);
    load(canonical, kind, isolated);
    if (FoundComponent found = search(); found.component != nullptr) return found;
    if (const auto out = quarantined_.find(canonical); out != quarantined_.end()) {
      return Status(NX_ERR_UNAVAILABLE, out->second);
    }
  }
  load_candidates(kind, isolated, [&] { return search().component != nullptr; });
  if (FoundComponent found = search(); found.component != nullptr) return found;
  std::string text = explain(interface_id, kind, component);
  if (isolated) text += "; it was to run in a process of its own";
  if (quarantined_.empty()) return not_found(std::move(text));
  for (const auto& [path, reason] : quarantined_) text += "; " + reason;
  return Status(NX_ERR_UNAVAILABLE, std::move(text));
}

std::vector<FoundComponent> LibrarySet::find_all(std::string_view interface_id,
                                                 std::string_view kind) {
  const std::lock_guard lock(mutex_);
  load_candidates(kind, false, [] { return false; });
  std::vector<FoundComponent> all;
  for (const bool elsewhere : {true, false}) {
    for (const auto& [path, library] : libraries(elsewhere)) {
      if (elsewhere != rules_.isolated(library->id())) continue;
      const nx_plugin& plugin = library->plugin();
      for (const nx_component* c : std::span(plugin.components, plugin.component_count)) {
        if (interface_table(*c, interface_id) != nullptr) all.push_back({library, c});
      }
    }
  }
  std::ranges::stable_sort(all, {}, [](const FoundComponent& f) { return f.library->id(); });
  return all;
}

void LibrarySet::load_everything() {
  const std::lock_guard lock(mutex_);
  load_candidates({}, false, [] { return false; });
}

std::vector<LibrarySet::Upgrade> LibrarySet::load_changed() {
  const std::lock_guard lock(mutex_);
  std::vector<Upgrade> upgrades;
  for (Libraries* all : {&loaded_, &elsewhere_}) {
    for (auto& [path, library] : *all) {
      Result<ElfFacts> facts = read_elf_file(path);
      // A file that is gone, or half written, changes nothing.
      if (!facts.ok() || facts->build_id.empty()) continue;
      if (facts->build_id == library->facts().build_id) continue;
      const auto tried = tried_.find(path);
      if (tried != tried_.end() && tried->second == facts->build_id) continue;
      const std::string build_id = facts->build_id;
      Result<std::shared_ptr<const Library>> made = load_again(*library, *std::move(facts));
      if (!made.ok()) {
        tried_[path] = build_id;
        log_.error("plugin file has changed and is refused, the old one goes on",
                   {{"file", path}, {"reason", made.status().message()}});
        continue;
      }
      upgrades.push_back({path, library, *made});
      library = *std::move(made);
    }
  }
  return upgrades;
}

Result<std::shared_ptr<const Library>> LibrarySet::load_again(const Library& old, ElfFacts facts) {
  const std::string& path = old.path();
  const std::uint32_t generation = old.generation() + 1;
  if (facts.id != old.id()) {
    return invalid_data("it was " + old.id() + " and is " + facts.id +
                        " now: start the agent anew");
  }
  if (!old.isolated()) {
    Result<std::shared_ptr<const Library>> made = Library::open(path, generation);
    if (!made.ok() || &(*made)->plugin() != &old.plugin()) return made;
    return invalid_data(
        "it was written over while it was in use: replace it by renaming, as install does");
  }
  if (Result<ElfFacts> examined = Library::examine(path); !examined.ok()) return examined.status();
  Result<std::vector<ComponentFacts>> found = rules_.describe(path, facts);
  if (!found.ok()) return found.status();
  return Library::elsewhere(path, std::move(facts), *std::move(found), generation);
}

void LibrarySet::put_back(const Upgrade& upgrade) {
  const std::lock_guard lock(mutex_);
  tried_[upgrade.path] = upgrade.made->facts().build_id;
  (upgrade.old->isolated() ? elsewhere_ : loaded_)[upgrade.path] = upgrade.old;
}

std::vector<std::shared_ptr<const Library>> LibrarySet::loaded() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const Library>> all;
  for (const auto& [path, library] : loaded_) all.push_back(library);
  for (const auto& [path, library] : elsewhere_) all.push_back(library);
  std::ranges::sort(all, {}, [](const auto& library) { return library->id(); });
  return all;
}

std::map<std::string, std::string> LibrarySet::refused() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> all = refused_;
  all.insert(refused_elsewhere_.begin(), refused_elsewhere_.end());
  return all;
}

void LibrarySet::reconsider() {
  const std::lock_guard lock(mutex_);
  quarantined_.clear();
}

// Of a plugin that is in this process and in others, that one which is asked for.
FoundComponent LibrarySet::search_loaded(std::string_view interface_id, std::string_view component,
                                         bool isolated) const {
  for (const bool elsewhere : {true, false}) {
    for (const auto& [path, library] : libraries(elsewhere)) {
      if (elsewhere != (isolated || rules_.isolated(library->id()))) continue;
      if (const nx_component* c = library->find(interface_id, component)) return {library, c};
    }
  }
  return {};
}

void LibrarySet::load(const std::string& path, std::string_view kind, bool isolated) {
  Result<ElfFacts> facts = read_elf_file(path);
  const bool named = facts.ok() && facts->has_note;
  if (isolated || (named && rules_.isolated(facts->id))) return load_elsewhere(path);
  if (loaded_.contains(path) || refused_.contains(path) || quarantined_.contains(path)) return;
  if (named && kind != "storage") {
    if (const std::string why = rules_.quarantine(*facts); !why.empty()) {
      quarantined_.emplace(path, "plugin " + facts->id + " is in quarantine: " + why);
      log_.error("plugin left out", {{"plugin", facts->id}, {"file", path}, {"reason", why}});
      return;
    }
  }
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

void LibrarySet::load_elsewhere(const std::string& path) {
  if (elsewhere_.contains(path) || refused_elsewhere_.contains(path)) return;
  Result<ElfFacts> facts = Library::examine(path);
  Status status = facts.status();
  if (facts.ok()) {
    Result<std::vector<ComponentFacts>> found = rules_.describe(path, *facts);
    const bool offers = found.ok() && std::ranges::any_of(*found, [](const ComponentFacts& c) {
                          return !c.interfaces.empty();
                        });
    if (offers) {
      elsewhere_.emplace(path, Library::elsewhere(path, *std::move(facts), *std::move(found)));
      return;
    }
    status = found.ok() ? Status(NX_ERR_UNSUPPORTED,
                                 path +
                                     ": it offers nothing that runs in a process of its own: no "
                                     "discovery, exporter, parser, receiver or notifier")
                        : found.status();
  }
  log_.warn("plugin file refused", {{"file", path}, {"reason", status.message()}});
  refused_elsewhere_.emplace(path, status.message());
}

// Loads files that could be of the kind, in order of search, until `enough` says so.
void LibrarySet::load_candidates(std::string_view kind, bool isolated,
                                 const std::function<bool()>& enough) {
  for (const std::string& path : unseen_files(isolated)) {
    const Result<ElfFacts> facts = read_elf_file(path);
    // A file without a good note goes to load() as well: that is where refusals are recorded.
    if (facts.ok() && facts->has_note && !may_be_of_kind(facts->id, kind)) continue;
    load(path, kind, isolated);
    if (enough()) return;
  }
}

std::vector<std::string> LibrarySet::unseen_files(bool isolated) const {
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
    if (isolated) return elsewhere_.contains(path) || refused_elsewhere_.contains(path);
    return loaded_.contains(path) || refused_.contains(path) || quarantined_.contains(path);
  });
  return paths;
}

std::string LibrarySet::explain(std::string_view interface_id, std::string_view kind,
                                std::string_view component) const {
  const std::string id = std::string(kind) + '.' + std::string(component);
  for (const auto* all : {&loaded_, &elsewhere_}) {
    for (const auto& [path, library] : *all) {
      if (library->id() == id) return lacking(interface_id, component, library->isolated());
    }
  }
  std::string text = "no plugin offers " + std::string(kind) + " \"" + std::string(component) +
                     "\": " + file_name(kind, component) + " is not in";
  if (folders_.empty()) text += " any folder, none is configured";
  for (const std::string& folder : folders_) text += ' ' + folder;
  Paths refused = refused_;
  refused.insert(refused_elsewhere_.begin(), refused_elsewhere_.end());
  for (const auto& [path, reason] : refused) {
    if (fs::path(path).filename() == file_name(kind, component)) return reason;
    text += "; refused: " + reason;
  }
  return text;
}

}  // namespace narthex::host
