// SPDX-License-Identifier: Apache-2.0
// archive.hpp - the tables as the head's readers see them: opened when a query reaches into their
// time, closed when none has for a while. Thread-safe.
#pragma once

#include "storage/head/core.hpp"
#include "storage/partition/catalogue.hpp"
#include "storage/tsdb/missing_notes.hpp"
#include "storage/tsdb/open_table.hpp"
#include "storage/tsdb/page_cache.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace narthex::storage::tsdb {

// By partition, then by sequence: of one series and time the later table holds.
using OpenTables = std::vector<std::shared_ptr<const OpenTable>>;

class TableArchive final : public head::Archive {
 public:
  // Told of a page that could not be read: its table, and why. Any thread.
  using OnDamage = std::function<void(const partition::TableEntry& entry, const std::string& why)>;

  TableArchive(head::Core& core, partition::Catalogue& catalogue, std::uint64_t page_cache_bytes,
               OnDamage on_damage);

  // Opens the tables that overlap. A damaged one is set aside by the catalogue and left out; an
  // sdk::Error where the system fails.
  std::unique_ptr<head::ArchiveSession> session(std::int64_t min_t, std::int64_t max_t) override;

  // Makes a table known to the index, without showing it.
  fs::Result<std::shared_ptr<const OpenTable>> load(
      const std::shared_ptr<partition::TableEntry>& entry);
  // Makes of a table whose series are known already: ids in ordinal order; pins them.
  fs::Result<std::shared_ptr<const OpenTable>> adopt(
      const std::shared_ptr<partition::TableEntry>& entry, std::vector<std::uint32_t> ids);
  // Readers see these instead of those from here on. REQUIRES: the commit lock.
  void publish(std::span<const std::shared_ptr<const OpenTable>> added,
               std::span<const std::shared_ptr<partition::TableEntry>> removed);
  // After a merge: tables that are no longer in the set give way to those that stand in for them.
  // Takes the commit lock.
  void follow(const partition::TableSet& tables);
  // Closes tables that no query has used for a while.
  void close_idle();

  std::shared_ptr<const OpenTables> current() const;
  PageCache& pages() { return pages_; }
  void damaged(const OpenTable& table, const std::string& why) const;
  // A table that is not there any more: what is asked of its time is answered without it.
  void lost(const std::string& file, const std::string& why);
  std::size_t bytes() const;

 private:
  struct Known {
    std::shared_ptr<const OpenTable> table;
    std::int64_t used_ms;
  };
  struct LostTable {
    std::int64_t partition;
    std::string text;
  };
  class Session;
  friend class Session;

  void note_lost(std::int64_t min_t, std::int64_t max_t, MissingNotes& notes) const;
  std::int64_t enter();  // returns when
  void leave(std::int64_t entered_ms);
  fs::Status open_if_within(const std::shared_ptr<partition::TableEntry>& entry, std::int64_t min_t,
                            std::int64_t max_t);
  void show(std::shared_ptr<const OpenTable> table);
  std::shared_ptr<const OpenTable> find(const partition::TableEntry& entry);
  void rebuild();

  head::Core& core_;
  partition::Catalogue& catalogue_;
  const OnDamage on_damage_;
  PageCache pages_;
  std::mutex load_mutex_;  // one table is loaded at a time; before mutex_
  mutable std::mutex mutex_;
  std::vector<Known> known_;                  // guarded by mutex_, sorted as OpenTables
  std::shared_ptr<const OpenTables> tables_;  // guarded by mutex_
  std::vector<LostTable> lost_;               // guarded by mutex_
  std::multiset<std::int64_t> sessions_;      // when each began; guarded by mutex_
};

}  // namespace narthex::storage::tsdb
