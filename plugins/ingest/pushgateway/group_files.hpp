// SPDX-License-Identifier: Apache-2.0
// group_files.hpp - groups on disk, one file each: <folder>/<id in 16 hex digits>.group.
//
// A write makes a new file beside the old one, syncs it and takes its name: after a crash there is
// the old group or the new one, whole. What cannot be read is set aside under another name, never
// deleted. Calls for different ids may overlap, those for one id may not.
#pragma once

#include "plugins/ingest/pushgateway/groups.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::ingest::pushgateway {

class GroupFiles {
 public:
  explicit GroupFiles(std::string folder) : folder_(std::move(folder)) {}

  struct Loaded {
    std::vector<GroupRef> groups;      // ascending by id
    std::vector<std::string> damaged;  // "path: why", now under path + ".damaged"
    std::uint64_t last_id = 0;
  };
  // Reads all there is and clears away what a crash left half written.
  Result<Loaded> load() const;
  // Durable when they return OK. Removing what is not there is OK.
  Status write(const Group& group) const;
  Status remove(std::uint64_t id) const;

 private:
  std::string path_of(std::uint64_t id) const;
  const std::string folder_;
};

}  // namespace narthex::ingest::pushgateway
