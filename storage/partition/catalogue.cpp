// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/catalogue.hpp"

#include "storage/partition/leftovers.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace narthex::storage::partition {
namespace {

bool in_order(const std::shared_ptr<TableEntry>& a, const std::shared_ptr<TableEntry>& b) {
  const TableName& x = a->name();
  const TableName& y = b->name();
  return std::tie(x.partition, x.first, x.last) < std::tie(y.partition, y.first, y.last);
}

bool has(const TableSet& set, const TableEntry& entry) {
  return std::ranges::any_of(set, [&](const auto& one) { return one.get() == &entry; });
}

}  // namespace

std::shared_ptr<const Tombstones> TableEntry::tombstones() const {
  const std::lock_guard lock(mutex_);
  return tombstones_;
}

Catalogue::Catalogue(fs::FileSystem& files, std::string folder, OnQuarantine on_quarantine)
    : files_(files),
      folder_(std::move(folder)),
      on_quarantine_(std::move(on_quarantine)),
      set_(std::make_shared<const TableSet>()) {}

std::shared_ptr<const TableSet> Catalogue::tables() const {
  const std::lock_guard lock(mutex_);
  return set_;
}

std::uint64_t Catalogue::next_sequence() {
  const std::lock_guard lock(mutex_);
  return ++last_sequence_;
}

CatalogueFigures Catalogue::figures() const {
  const std::lock_guard lock(mutex_);
  CatalogueFigures figures;
  figures.tables = set_->size();
  for (const auto& entry : *set_) figures.bytes += entry->bytes();
  figures.quarantined = quarantined_;
  return figures;
}

std::string Catalogue::path_of(const TableName& name) const { return folder_ + "/" + name.file(); }

bool Catalogue::contains(const TableEntry& entry) const { return has(*tables(), entry); }

bool Catalogue::take_out(const TableEntry& entry) {
  const std::lock_guard lock(mutex_);
  auto set = std::make_shared<TableSet>(*set_);
  if (std::erase_if(*set, [&](const auto& one) { return one.get() == &entry; }) == 0) return false;
  set_ = std::move(set);
  return true;
}

fs::Result<std::shared_ptr<const Table>> Catalogue::open_table(
    const std::shared_ptr<TableEntry>& entry) {
  if (fs::Status read = read_tombstones(*entry); !read.ok()) return read;
  auto table = open_file(*entry);
  const int error = table.status().error();
  if (error == EBADMSG || error == ENOENT) quarantine(entry, table.status().message());
  return table;
}

fs::Result<std::shared_ptr<const Table>> Catalogue::open_file(TableEntry& entry) const {
  {
    const std::lock_guard lock(entry.mutex_);
    if (entry.table_ != nullptr) return entry.table_;
  }
  // Not under the lock: two readers may both open it, and one of the two is kept.
  auto table = Table::open(files_, path_of(entry.name()));
  if (!table.ok()) return table;
  const std::lock_guard lock(entry.mutex_);
  if (entry.table_ == nullptr) entry.table_ = *std::move(table);
  return entry.table_;
}

fs::Status Catalogue::read_tombstones(TableEntry& entry) {
  {
    const std::lock_guard lock(entry.mutex_);
    if (!entry.tombstones_unread_) return {};
  }
  const std::string file = entry.name().tombstone_file();
  auto read = Tombstones::load(files_, folder_ + "/" + file);
  const bool damaged = !read.ok() && read.status().error() == EBADMSG;
  if (!read.ok() && !damaged) return read.status();
  bool first = false;
  {
    const std::lock_guard lock(entry.mutex_);
    first = std::exchange(entry.tombstones_unread_, false);
    if (first && read.ok() && !read->empty()) {
      entry.tombstones_ = std::make_shared<const Tombstones>(*std::move(read));
    }
  }
  // What was deleted shows again then: better than that all of the table is gone.
  if (first && damaged) set_aside(std::array{file}, read.status().message());
  return {};
}

void Catalogue::quarantine(const std::shared_ptr<TableEntry>& entry, const std::string& why) {
  if (!take_out(*entry)) return;  // another was faster, or it is not wanted any more
  set_aside(std::array{entry->name().file(), entry->name().tombstone_file()}, why);
}

// Where the disk cannot do it, the files stay where they are: the next start meets them again.
void Catalogue::set_aside(std::span<const std::string> names, const std::string& why) {
  const fs::Status moved = move_aside(files_, folder_, names);
  {
    const std::lock_guard lock(mutex_);
    ++quarantined_;
  }
  if (!on_quarantine_) return;
  on_quarantine_(names.front(), moved.ok() ? why : why + "; not moved: " + moved.message());
}

std::shared_ptr<TableEntry> Catalogue::entry_of(const TableName& name) const {
  std::uint64_t bytes = 0;
  if (const auto file = files_.open_read(path_of(name)); file.ok()) {
    if (const auto size = (*file)->size(); size.ok()) bytes = *size;
  }
  return std::make_shared<TableEntry>(name, bytes);
}

void Catalogue::exchange(const TableSet& out, std::span<const TableName> in) {
  TableSet fresh;
  for (const TableName& name : in) fresh.push_back(entry_of(name));

  const std::lock_guard lock(mutex_);
  auto set = std::make_shared<TableSet>(*set_);
  std::erase_if(*set, [&](const auto& one) { return has(out, *one); });
  set->insert(set->end(), fresh.begin(), fresh.end());
  std::sort(set->begin(), set->end(), in_order);
  for (const TableName& name : in) last_sequence_ = std::max(last_sequence_, name.last);
  set_ = std::move(set);
}

void Catalogue::add(std::span<const TableName> names) { exchange({}, names); }

void Catalogue::replace(const TableSet& entries, const TableName* by) {
  exchange(entries, by == nullptr ? std::span<const TableName>() : std::span(by, 1));
  remove_files(entries);
}

void Catalogue::remove(const TableSet& entries) {
  exchange(entries, {});
  remove_files(entries);
}

void Catalogue::remove_files(const TableSet& entries) {
  std::vector<TableName> names;
  for (const auto& entry : entries) {
    names.push_back(entry->name());
    // A reader that holds it may not have opened it yet, and could not any more. What fails here,
    // fails for that reader later.
    if (entry.use_count() > 1) (void)open_file(*entry);
  }
  remove_tables(files_, folder_, names);
}

fs::Status Catalogue::set_tombstones(const std::shared_ptr<TableEntry>& entry,
                                     Tombstones tombstones) {
  const std::string path = folder_ + "/" + entry->name().tombstone_file();
  if (!contains(*entry)) return {ENOENT, "delete from a table that is gone", path};
  {
    const std::lock_guard lock(entry->mutex_);
    if (entry->tombstones_unread_) return {EAGAIN, "read earlier tombstones", path};
  }
  if (fs::Status saved = tombstones.save(files_, path); !saved.ok()) return saved;
  auto shared = tombstones.empty() ? std::shared_ptr<const Tombstones>()
                                   : std::make_shared<const Tombstones>(std::move(tombstones));
  const std::lock_guard lock(entry->mutex_);
  entry->tombstones_ = std::move(shared);
  return {};
}

fs::Status Catalogue::snapshot(const std::string& into) {
  const auto set = tables();
  for (const auto& entry : *set) {
    for (const std::string& file : {entry->name().tombstone_file(), entry->name().file()}) {
      fs::Status linked = files_.link(folder_ + "/" + file, into + "/" + file);
      if (linked.ok()) continue;
      // No tombstones; or a reader has set the table aside meanwhile.
      const bool optional = file == entry->name().tombstone_file() || !contains(*entry);
      if (linked.error() != ENOENT || !optional) return linked;
    }
  }
  return files_.sync_directory(into);
}

}  // namespace narthex::storage::partition
