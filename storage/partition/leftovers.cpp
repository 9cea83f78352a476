// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/leftovers.hpp"

#include <algorithm>
#include <vector>

namespace narthex::storage::partition {
namespace {

// "" where all names are free in quarantine, else ".1", ".2" and so on behind each.
std::string free_suffix(std::span<const std::string> taken, std::span<const std::string> names) {
  std::string suffix;
  for (int n = 1;; ++n) {
    const bool free = std::ranges::none_of(names, [&](const std::string& name) {
      return std::ranges::find(taken, name + suffix) != taken.end();
    });
    if (free) return suffix;
    suffix = "." + std::to_string(n);
  }
}

// Gives each a free name in quarantine/, by `put`.
fs::Status put_aside(fs::FileSystem& files, const std::string& folder,
                     std::span<const std::string> names,
                     fs::Status (fs::FileSystem::*put)(const std::string&, const std::string&)) {
  const std::string quarantine = folder + std::string(kQuarantine);
  if (fs::Status made = files.make_directory(quarantine); !made.ok()) return made;
  const auto taken = files.list(quarantine);
  if (!taken.ok()) return taken.status();
  const std::string suffix = free_suffix(*taken, names);
  for (const std::string& name : names) {
    fs::Status moved =
        (files.*put)(folder + "/" + name, std::string(quarantine).append("/" + name + suffix));
    if (!moved.ok() && moved.error() != ENOENT) return moved;
  }
  if (fs::Status synced = files.sync_directory(quarantine); !synced.ok()) return synced;
  return files.sync_directory(folder);
}

}  // namespace

std::uint64_t last_sequence_in(std::string_view file) {
  for (const std::string_view ending : {".table", ".deleted"}) {
    const std::size_t at = file.find(ending);
    if (at == std::string_view::npos) continue;
    const auto name = TableName::parse(std::string(file.substr(0, at)) + ".table");
    if (name) return name->last;
  }
  return 0;
}

void remove_tables(fs::FileSystem& files, const std::string& folder,
                   std::span<const TableName> names) {
  std::vector<TableName> gone;
  for (const TableName& name : names) {
    const fs::Status removed = files.unlink(folder + "/" + name.file());
    if (removed.ok() || removed.error() == ENOENT) gone.push_back(name);
  }
  if (gone.empty() || !files.sync_directory(folder).ok()) return;
  for (const TableName& name : gone) (void)files.unlink(folder + "/" + name.tombstone_file());
}

fs::Status move_aside(fs::FileSystem& files, const std::string& folder,
                      std::span<const std::string> names) {
  return put_aside(files, folder, names, &fs::FileSystem::rename);
}

fs::Status keep_aside(fs::FileSystem& files, const std::string& folder,
                      std::span<const std::string> names) {
  return put_aside(files, folder, names, &fs::FileSystem::link);
}

}  // namespace narthex::storage::partition
