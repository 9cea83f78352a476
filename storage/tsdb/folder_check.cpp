// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/folder_check.hpp"

#include "storage/partition/table.hpp"
#include "storage/partition/tombstones.hpp"
#include "storage/tsdb/log_check.hpp"

#include <algorithm>
#include <utility>

namespace narthex::storage::tsdb {
namespace {

constexpr const char* kTables = "partitions/";

FolderDamage whole_table(const partition::TableName& name, const std::string& why) {
  const std::int64_t end = name.partition > INT64_MAX - partition::kPartitionMs
                               ? INT64_MAX
                               : name.partition + partition::kPartitionMs - 1;
  return {kTables + name.file(), "none of it can be read: " + why, 0, 0, name.partition, end};
}

}  // namespace

FolderCheck::FolderCheck(fs::FileSystem& files, std::string path, FolderList list)
    : files_(files), path_(std::move(path)), list_(std::move(list)) {
  report_.files = list_.tables.size() + list_.tombstones.size() + list_.segments.size();
  report_.quarantined = list_.quarantined;
  for (const std::string& file : list_.unfinished) {
    report_.notes.push_back(file +
                            " was left by a write that did not end: the next start removes it");
  }
}

Result<FolderCheck> FolderCheck::begin(fs::FileSystem& files, std::string path) {
  fs::Result<FolderList> list = list_folder(files, path);
  if (!list.ok()) return io_error(list.status().message());
  if (list->empty()) return not_found(path + ": has neither tables nor a log of this backend");
  return FolderCheck(files, std::move(path), *std::move(list));
}

bool FolderCheck::step() {
  if (next_ < list_.tables.size()) {
    check_table(list_.tables[next_++]);
    return true;
  }
  if (next_ > list_.tables.size()) return false;
  ++next_;
  check_log();
  check_inventory();
  return false;
}

// A start takes only what stands in for others, where that can be opened.
bool FolderCheck::stands_aside_for_another(const partition::TableName& name) const {
  return last_ && last_->replaces(name);
}

void FolderCheck::check_table(const partition::TableName& name) {
  if (stands_aside_for_another(name)) {
    report_.notes.push_back(kTables + name.file() + " is a leftover: " + last_->file() +
                            " stands in for it, the next start removes it");
    return;
  }
  const auto table = partition::Table::open(files_, path_ + "/" + kTables + name.file());
  if (!table.ok()) {
    report_.damages.push_back(whole_table(name, table.status().message()));
    return;
  }
  if (!last_ || last_->partition != name.partition || last_->last <= name.last) last_ = name;
  for (const partition::TableDamage& damage : partition::verify_table(**table)) {
    report_.damages.push_back({kTables + name.file(), damage.what, damage.first_series,
                               damage.series_count, damage.min_t, damage.max_t});
  }
  TableRow row{name, (*table)->figures(), 0};
  check_tombstones(name, row);
  report_.tables.push_back(row);
}

void FolderCheck::check_tombstones(const partition::TableName& name, TableRow& row) {
  const std::string file = kTables + name.tombstone_file();
  const auto tombstones = partition::Tombstones::load(files_, path_ + "/" + file);
  if (tombstones.ok()) {
    row.deleted_series = tombstones->series_count();
    return;
  }
  report_.damages.push_back(
      {file, "what was deleted shows again: " + tombstones.status().message(), 0, 0, 1, 0});
}

void FolderCheck::check_log() {
  const fs::Status read = read_log(files_, path_ + "/wal", nullptr, report_);
  if (read.ok() || read.error() == ENOENT) return;
  report_.damages.push_back({"wal", read.message(), 0, 0, 1, 0});
}

void FolderCheck::check_inventory() {
  const auto loaded = Inventory::load(files_, path_ + "/inventory");
  if (!loaded.ok()) {
    report_.damages.push_back(
        {"inventory", "whether files are missing cannot be told: " + loaded.status().message(), 0,
         0, 1, 0});
    return;
  }
  ++report_.files;
  const MissingFiles missing = missing_files(*loaded, list_.tables, list_.segments);
  for (const std::string& file : missing.tables) {
    const auto name = partition::TableName::parse(file);
    report_.damages.push_back(name ? whole_table(*name, "the file is missing")
                                   : FolderDamage{kTables + file, "the file is missing"});
  }
  for (const std::uint64_t segment : missing.segments) {
    report_.damages.push_back(
        {"wal", "segment " + std::to_string(segment) + " is missing", 0, 0, 1, 0});
  }
}

}  // namespace narthex::storage::tsdb
