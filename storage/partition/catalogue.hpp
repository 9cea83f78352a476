// SPDX-License-Identifier: Apache-2.0
// catalogue.hpp - the tables of a data folder: which there are, opened when they are needed, and
// everything that adds or removes one.
//
//   <folder>/*.table *.deleted     the tables and their tombstones
//   <folder>/quarantine/           what could not be read: moved aside, never deleted
//
// Readers hold a TableSet, a snapshot of which tables there are; a table that was removed meanwhile
// stays readable for them. Thread-safe; changes are serialised by the caller's upkeep.
#pragma once

#include "storage/fs/file_system.hpp"
#include "storage/partition/table.hpp"
#include "storage/partition/table_name.hpp"
#include "storage/partition/tombstones.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace narthex::storage::partition {

// One table file. Tombstones are replaced as a whole.
class TableEntry {
 public:
  TableEntry(TableName name, std::uint64_t bytes) : name_(name), bytes_(bytes) {}

  const TableName& name() const { return name_; }
  std::uint64_t bytes() const { return bytes_; }
  // Exclusive.
  std::int64_t partition_end() const {
    return name_.partition > INT64_MAX - kPartitionMs ? INT64_MAX : name_.partition + kPartitionMs;
  }
  std::shared_ptr<const Tombstones> tombstones() const;
  // A merge has met a page of it that cannot be read: what can be is read from this table for ever
  // on, and no merge takes it (or its partition) up again.
  bool damaged() const { return damaged_.load(std::memory_order_relaxed); }
  void mark_damaged() { damaged_.store(true, std::memory_order_relaxed); }

 private:
  friend class Catalogue;

  const TableName name_;
  const std::uint64_t bytes_;
  std::atomic<bool> damaged_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<const Table> table_;            // guarded by mutex_; null until opened
  std::shared_ptr<const Tombstones> tombstones_;  // guarded by mutex_; null: none
  bool tombstones_unread_ = false;                // guarded by mutex_; open_table() tries again
};

// By partition, then by first sequence: of one series and time the later entry holds.
using TableSet = std::vector<std::shared_ptr<TableEntry>>;

struct CatalogueFigures {
  std::uint64_t tables = 0;
  std::uint64_t bytes = 0;
  std::uint64_t quarantined = 0;  // since the start
};

class Catalogue {
 public:
  // Told when a table is set aside: its file and why. May be called by any thread that reads.
  using OnQuarantine = std::function<void(const std::string& file, const std::string& why)>;

  // Makes the folder where it is missing, removes temporary files and tables that another stands in
  // for (that one is opened before, and set aside if it is damaged), and lists the rest without
  // opening them. What cannot be removed, on a full or read-only disk, waits for the next time; an
  // error is only a folder that cannot be made or listed. `files` outlives it.
  static fs::Result<std::unique_ptr<Catalogue>> open(fs::FileSystem& files, std::string folder,
                                                     OnQuarantine on_quarantine);

  std::shared_ptr<const TableSet> tables() const;
  std::uint64_t next_sequence();  // of a flush; never given twice, also across restarts
  CatalogueFigures figures() const;
  const std::string& folder() const { return folder_; }

  // Opens the table of an entry, once. A damaged one is set aside with its tombstones, leaves the
  // set, and the error says so (EBADMSG); so does one whose file is missing (ENOENT). After any
  // other error it stays, and the next call tries again.
  fs::Result<std::shared_ptr<const Table>> open_table(const std::shared_ptr<TableEntry>& entry);
  // Sets a table aside.
  void quarantine(const std::shared_ptr<TableEntry>& entry, const std::string& why);

  // Where a new table goes; TableWriter makes the file, add() or replace() shows it.
  std::string path_of(const TableName& name) const;
  // REQUIRES: no table of the set stands in for one of them.
  void add(std::span<const TableName> names);
  // `by` stands in for `entries` from here on (none: they held nothing any more); their files go.
  void replace(const TableSet& entries, const TableName* by);
  // Retention: the files go. Readers that hold them go on.
  void remove(const TableSet& entries);
  // Replaces them, on disk first. After an error the old ones hold, until a restart at least.
  // ENOENT where the table has left the set. REQUIRES: open_table() has succeeded.
  fs::Status set_tombstones(const std::shared_ptr<TableEntry>& entry, Tombstones tombstones);
  // Hard links of all tables and tombstones into an existing folder. Serialised as changes are.
  fs::Status snapshot(const std::string& into);

 private:
  Catalogue(fs::FileSystem& files, std::string folder, OnQuarantine on_quarantine);

  // The parts of open(): catalogue_open.cpp.
  struct Found;
  fs::Status load();
  void take_tables(Found& found);
  void take_tombstones(const Found& found);
  void remove_leftovers(const Found& found);

  std::shared_ptr<TableEntry> entry_of(const TableName& name) const;
  bool contains(const TableEntry& entry) const;
  bool take_out(const TableEntry& entry);
  fs::Result<std::shared_ptr<const Table>> open_file(TableEntry& entry) const;
  fs::Status read_tombstones(TableEntry& entry);
  void set_aside(std::span<const std::string> names, const std::string& why);
  void exchange(const TableSet& out, std::span<const TableName> in);
  void remove_files(const TableSet& entries);

  fs::FileSystem& files_;
  const std::string folder_;
  const OnQuarantine on_quarantine_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TableSet> set_;  // guarded by mutex_, as all below
  std::uint64_t last_sequence_ = 0;
  std::uint64_t quarantined_ = 0;
};

}  // namespace narthex::storage::partition
