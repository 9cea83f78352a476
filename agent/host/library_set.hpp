// SPDX-License-Identifier: Apache-2.0
// library_set.hpp - the plugin files of the search path: which are loaded, which were refused and
// why.
//
// A file is looked at once; what was refused is not tried again until the agent starts anew, what
// is in quarantine not until reconsider(). Our own files are found by their name,
// narthex_<kind>_<component>.so, without opening any other; only for what is not found so the
// folders are scanned, notes read, and files loaded one after the other. Thread-safe.
#pragma once

#include "host/library.hpp"
#include "host/process_protocol.hpp"
#include "telemetry/log.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {

struct FoundComponent {
  std::shared_ptr<const Library> library;
  const nx_component* component = nullptr;
};

// Asked before anything of a file runs. Called under the set's lock.
struct LoadRules {
  // Why this file is in quarantine; empty: it is not.
  std::function<std::string(const ElfFacts&)> quarantine = [](const ElfFacts&) {
    return std::string();
  };
  // Whether a plugin is to run in processes of its own.
  std::function<bool(std::string_view id)> isolated = [](std::string_view) { return false; };
  // What a process finds in the file.
  std::function<Result<std::vector<ComponentFacts>>(const std::string& path, const ElfFacts&)>
      describe;
};

class LibrarySet {
 public:
  explicit LibrarySet(std::vector<std::string> folders, LoadRules rules = {});

  // NX_ERR_NOT_FOUND names the file that would provide it, and what was refused on the way.
  // NX_ERR_UNAVAILABLE: it is in quarantine; storage never is, for without it nothing runs.
  // `isolated`: in a process of its own, also where the rules do not say so; such a file is never
  // loaded here for that, and never in quarantine.
  Result<FoundComponent> find(std::string_view interface_id, std::string_view kind,
                              std::string_view component, bool isolated = false);
  // Every component of every file that offers the interface, in order of plugin id.
  std::vector<FoundComponent> find_all(std::string_view interface_id, std::string_view kind);
  void load_everything();

  // A file that is another one than the one that was loaded from its path.
  struct Upgrade {
    std::string path;
    std::shared_ptr<const Library> old, made;
  };
  // Loads what has changed on disk; from now on find() answers with it. The old code stays where it
  // is. What cannot be loaded is refused once, and its old one goes on.
  std::vector<Upgrade> load_changed();
  // The new one is no good after all.
  void put_back(const Upgrade& upgrade);

  std::vector<std::shared_ptr<const Library>> loaded() const;
  std::map<std::string, std::string> refused() const;  // path -> why
  // Asks about quarantine again what was left out for it.
  void reconsider();

 private:
  using Paths = std::map<std::string, std::string>;
  using Libraries = std::map<std::string, std::shared_ptr<const Library>>;

  FoundComponent search_loaded(std::string_view interface_id, std::string_view component,
                               bool isolated) const;
  void load(const std::string& path, std::string_view kind, bool isolated);
  void load_elsewhere(const std::string& path);
  Result<std::shared_ptr<const Library>> load_again(const Library& old, ElfFacts facts);
  void load_candidates(std::string_view kind, bool isolated, const std::function<bool()>& enough);
  std::vector<std::string> unseen_files(bool isolated) const;
  const Libraries& libraries(bool isolated) const { return isolated ? elsewhere_ : loaded_; }
  std::string explain(std::string_view interface_id, std::string_view kind,
                      std::string_view component) const;

  const std::vector<std::string> folders_;
  const LoadRules rules_;
  const telemetry::Log log_{"host"};
  mutable std::mutex mutex_;
  // All guarded by mutex_; paths are canonical.
  Libraries loaded_;
  Libraries elsewhere_;                // in processes of their own
  Paths refused_, refused_elsewhere_;  // path -> why
  Paths quarantined_;
  Paths tried_;  // path -> build id of the file there that is known to be no good
};

}  // namespace narthex::host
