// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/file/target_files.hpp"

#include "plugins/discovery/file/target_file.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace narthex::file_discovery {

TargetFiles::TargetFiles(std::vector<std::string> patterns, FileReader& reader,
                         Surroundings surroundings)
    : patterns_(std::move(patterns)), reader_(reader), surroundings_(std::move(surroundings)) {}

void TargetFiles::poll() {
  const std::vector<std::string> paths = reader_.list(patterns_);
  for (const std::string& path : paths) refresh(path);
  withdraw_missing(paths);
  if (updates_.empty()) return;
  // Refused only while the instance is stopped: then nobody wants to know any more.
  (void)surroundings_.publish(updates_);
  updates_.clear();
}

void TargetFiles::refresh(const std::string& path) {
  const auto known = published_.find(path);
  // The stamp is taken first: what is written while we read is seen by the next poll.
  const Result<FileStamp> stamp = reader_.stamp(path);
  if (!stamp.ok()) return surroundings_.unreadable(path, stamp.status());
  if (known != published_.end() && known->second.stamp == *stamp) return;

  const Result<std::string> text = reader_.read(path);
  if (!text.ok()) return surroundings_.unreadable(path, text.status());
  Result<std::vector<sdk::TargetGroup>> groups = surroundings_.parse(path, *text);
  if (!groups.ok()) return surroundings_.unreadable(path, groups.status());

  if (known != published_.end()) withdraw(path, groups->size(), known->second.group_count);
  published_[path] = {*stamp, groups->size()};
  std::move(groups->begin(), groups->end(), std::back_inserter(updates_));
}

void TargetFiles::withdraw_missing(std::span<const std::string> paths) {
  std::erase_if(published_, [&](const auto& entry) {
    if (std::binary_search(paths.begin(), paths.end(), entry.first)) return false;
    withdraw(entry.first, 0, entry.second.group_count);
    return true;
  });
}

void TargetFiles::withdraw(const std::string& path, std::size_t first, std::size_t end) {
  for (std::size_t i = first; i < end; ++i) {
    sdk::TargetGroup gone;
    gone.source = source_of(path, i);
    updates_.push_back(std::move(gone));
  }
}

}  // namespace narthex::file_discovery
