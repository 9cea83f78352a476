// SPDX-License-Identifier: Apache-2.0
// target_files.hpp - publishes the groups of target files whenever a file changed. Lives on one
// thread at a time.
#pragma once

#include "plugins/discovery/file/file_reader.hpp"

#include <narthex/sdk/discovery.hpp>
#include <narthex/sdk/result.hpp>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::file_discovery {

// What the files need of the world around them.
struct Surroundings {
  std::function<Result<std::vector<sdk::TargetGroup>>(const std::string& path,
                                                      std::string_view text)>
      parse;
  // Groups without targets say that their source is gone.
  std::function<Status(std::span<const sdk::TargetGroup>)> publish;
  std::function<void(const std::string& path, const Status&)> unreadable;
};

class TargetFiles {
 public:
  // The reader outlives this object.
  TargetFiles(std::vector<std::string> patterns, FileReader& reader, Surroundings surroundings);

  // Looks at every file once and publishes all that changed in one step. A file that cannot be used
  // keeps its last good targets and is tried again at the next poll; those of a file that is gone
  // are withdrawn.
  void poll();

 private:
  struct Published {
    FileStamp stamp;
    std::size_t group_count = 0;
  };
  void refresh(const std::string& path);
  void withdraw_missing(std::span<const std::string> paths);
  void withdraw(const std::string& path, std::size_t first, std::size_t end);

  const std::vector<std::string> patterns_;
  FileReader& reader_;
  const Surroundings surroundings_;
  std::map<std::string, Published> published_;
  std::vector<sdk::TargetGroup> updates_;  // of the poll that is running
};

}  // namespace narthex::file_discovery
