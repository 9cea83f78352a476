// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/folder_list.hpp"

#include "storage/wal/format.hpp"

#include <algorithm>
#include <tuple>

namespace narthex::storage::tsdb {
namespace {

fs::Result<std::vector<std::string>> names_in(fs::FileSystem& files, const std::string& folder) {
  auto names = files.list(folder);
  if (!names.ok() && names.status().error() == ENOENT) return std::vector<std::string>();
  return names;
}

fs::Status list_tables(fs::FileSystem& files, const std::string& path, FolderList& out) {
  const auto names = names_in(files, path + "/partitions");
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (const auto table = partition::TableName::parse(name)) out.tables.push_back(*table);
    if (const auto table = partition::TableName::parse_tombstones(name)) {
      out.tombstones.push_back(*table);
    }
    if (name.ends_with(".tmp")) out.unfinished.push_back("partitions/" + name);
  }
  std::sort(out.tables.begin(), out.tables.end(), [](const auto& a, const auto& b) {
    return std::tie(a.partition, a.first, b.last, b.revision) <
           std::tie(b.partition, b.first, a.last, a.revision);
  });
  return {};
}

fs::Status list_log(fs::FileSystem& files, const std::string& path, FolderList& out) {
  const auto names = names_in(files, path + "/wal");
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (const auto header = wal::parse_segment_name(name)) out.segments.push_back(header->segment);
    if (name.ends_with(".tmp")) out.unfinished.push_back("wal/" + name);
  }
  std::sort(out.segments.begin(), out.segments.end());
  return {};
}

}  // namespace

fs::Result<FolderList> list_folder(fs::FileSystem& files, const std::string& path) {
  FolderList out;
  if (fs::Status listed = list_tables(files, path, out); !listed.ok()) return listed;
  if (fs::Status listed = list_log(files, path, out); !listed.ok()) return listed;
  for (const char* aside : {"/partitions/quarantine", "/wal/quarantine"}) {
    const auto names = names_in(files, path + aside);
    if (!names.ok()) return names.status();
    out.quarantined += names->size();
  }
  return out;
}

MissingFiles missing_files(const Inventory& inventory, std::span<const partition::TableName> tables,
                           std::span<const std::uint64_t> segments) {
  MissingFiles missing;
  for (const std::string& file : inventory.tables) {
    const auto name = partition::TableName::parse(file);
    const bool there = name && std::ranges::any_of(tables, [&](const partition::TableName& one) {
                         return one == *name || one.replaces(*name);
                       });
    if (!there) missing.tables.push_back(file);
  }
  for (std::uint64_t s = inventory.first_segment; s <= inventory.last_segment && s != 0; ++s) {
    if (!std::ranges::binary_search(segments, s)) missing.segments.push_back(s);
  }
  return missing;
}

}  // namespace narthex::storage::tsdb
