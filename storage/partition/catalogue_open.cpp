// SPDX-License-Identifier: Apache-2.0
// Opening a catalogue: what a listing says, and what of it is left over from before.
#include "storage/fs/replace_file.hpp"
#include "storage/partition/catalogue.hpp"
#include "storage/partition/leftovers.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

namespace narthex::storage::partition {
namespace {

// A table comes before all that it may stand in for.
bool stand_in_order(const TableName& a, const TableName& b) {
  return std::tie(a.partition, a.first, b.last, b.revision) <
         std::tie(b.partition, b.first, a.last, a.revision);
}

// Whether tables[at] stands in for one behind it.
bool stands_in(std::span<const TableName> tables, std::size_t at) {
  const TableName& name = tables[at];
  for (const TableName& other : tables.subspan(at + 1)) {
    if (other.partition != name.partition || other.first > name.last) return false;
    if (name.replaces(other)) return true;
  }
  return false;
}

bool is_among(std::span<const std::string> sorted, const std::string& name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

}  // namespace

struct Catalogue::Found {
  std::vector<std::string> names;  // in the folder, sorted
  std::vector<std::string> aside;  // in quarantine/, sorted
  std::vector<TableName> tables;   // in stand_in_order
  TableSet kept;
  std::vector<TableName> replaced;  // by a table that could be opened
};

fs::Result<std::unique_ptr<Catalogue>> Catalogue::open(fs::FileSystem& files, std::string folder,
                                                       OnQuarantine on_quarantine) {
  std::unique_ptr<Catalogue> catalogue(
      new Catalogue(files, std::move(folder), std::move(on_quarantine)));
  if (fs::Status loaded = catalogue->load(); !loaded.ok()) return loaded;
  return catalogue;
}

fs::Status Catalogue::load() {
  const fs::Status made = files_.make_directory(folder_);
  auto names = files_.list(folder_);
  if (!names.ok()) return made.ok() ? names.status() : made;
  auto aside = files_.list(folder_ + std::string(kQuarantine));
  if (!aside.ok() && aside.status().error() != ENOENT) return aside.status();
  // Where this fails, so will the sync of every table's name.
  (void)files_.sync_directory(fs::folder_of(folder_));

  Found found;
  found.names = *std::move(names);
  if (aside.ok()) found.aside = *std::move(aside);
  for (const std::string& file : found.names) {
    last_sequence_ = std::max(last_sequence_, last_sequence_in(file));
    if (const auto name = TableName::parse(file)) found.tables.push_back(*name);
  }
  for (const std::string& file : found.aside) {
    last_sequence_ = std::max(last_sequence_, last_sequence_in(file));
  }
  std::sort(found.tables.begin(), found.tables.end(), stand_in_order);
  take_tables(found);
  take_tombstones(found);
  remove_leftovers(found);
  set_ = std::make_shared<const TableSet>(std::move(found.kept));
  return {};
}

void Catalogue::take_tables(Found& found) {
  std::optional<TableName> widest;  // of those taken, the one that reaches furthest
  bool sure = true;                 // that it can be read
  for (std::size_t i = 0; i < found.tables.size(); ++i) {
    const TableName& name = found.tables[i];
    if (widest && widest->replaces(name)) {
      // Not shown in any case; removed only for what is known to be readable.
      if (sure) found.replaced.push_back(name);
      continue;
    }
    std::shared_ptr<const Table> opened;
    bool readable = true;
    if (stands_in(found.tables, i)) {
      auto table = Table::open(files_, path_of(name));
      readable = table.ok();
      if (readable) opened = *std::move(table);
      const int error = table.status().error();
      if (error == EBADMSG || error == ENOENT) {
        set_aside(std::array{name.file(), name.tombstone_file()}, table.status().message());
        continue;
      }
    }
    found.kept.push_back(entry_of(name));
    found.kept.back()->table_ = std::move(opened);
    if (!widest || widest->partition != name.partition || widest->last <= name.last) {
      widest = name;
      sure = readable;
    }
  }
}

void Catalogue::take_tombstones(const Found& found) {
  for (const auto& entry : found.kept) {
    if (!is_among(found.names, entry->name().tombstone_file())) continue;
    entry->tombstones_unread_ = true;
    // What cannot be read for now is tried again when the table is opened.
    (void)read_tombstones(*entry);
  }
}

void Catalogue::remove_leftovers(const Found& found) {
  for (const std::string& file : found.names) {
    if (file.ends_with(".tmp")) (void)files_.unlink(folder_ + "/" + file);
    const auto name = TableName::parse_tombstones(file);
    if (!name || is_among(found.names, name->file())) continue;
    if (is_among(found.aside, name->file())) {
      (void)move_aside(files_, folder_, std::array{file});  // a crash came between the two
    } else {
      (void)files_.unlink(folder_ + "/" + file);
    }
  }
  // The new name may have been made by a process that died before it was durable.
  if (found.replaced.empty() || !files_.sync_directory(folder_).ok()) return;
  remove_tables(files_, folder_, found.replaced);
}

}  // namespace narthex::storage::partition
