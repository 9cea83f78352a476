// SPDX-License-Identifier: Apache-2.0
// library_set.hpp - the plugin files of the search path: which are loaded, which were refused and
// why.
//
// A file is looked at once; what was refused is not tried again until the agent starts anew. Our
// own files are found by their name, narthex_<kind>_<component>.so, without opening any other; only
// for what is not found so the folders are scanned, notes read, and files loaded one after the
// other. Thread-safe.
#pragma once

#include "host/library.hpp"
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

class LibrarySet {
 public:
  explicit LibrarySet(std::vector<std::string> folders);

  // NX_ERR_NOT_FOUND names the file that would provide it, and what was refused on the way.
  Result<FoundComponent> find(std::string_view interface_id, std::string_view kind,
                              std::string_view component);
  // Every component of every file that offers the interface, in order of plugin id.
  std::vector<FoundComponent> find_all(std::string_view interface_id, std::string_view kind);
  void load_everything();

  std::vector<std::shared_ptr<const Library>> loaded() const;
  std::map<std::string, std::string> refused() const;  // path -> why

 private:
  FoundComponent search_loaded(std::string_view interface_id, std::string_view component) const;
  void load(const std::string& path);
  void load_candidates(std::string_view kind, const std::function<bool()>& enough);
  std::vector<std::string> unseen_files() const;
  std::string explain(std::string_view interface_id, std::string_view kind,
                      std::string_view component) const;

  const std::vector<std::string> folders_;
  const telemetry::Log log_{"host"};
  mutable std::mutex mutex_;
  // Both guarded by mutex_; paths are canonical.
  std::map<std::string, std::shared_ptr<const Library>> loaded_;
  std::map<std::string, std::string> refused_;
};

}  // namespace narthex::host
