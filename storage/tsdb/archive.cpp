// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/archive.hpp"

#include "storage/tsdb/table_reader.hpp"

#include <narthex/sdk/guard.hpp>

#include <algorithm>
#include <optional>
#include <tuple>

namespace narthex::storage::tsdb {
namespace {

constexpr std::int64_t kIdleMs = 10 * 60 * 1000;

auto order_of(const partition::TableEntry& entry) {
  return std::tuple(entry.name().partition, entry.name().first);
}

bool is_gone(const fs::Status& status) {
  return status.error() == EBADMSG || status.error() == ENOENT;
}

}  // namespace

// What a querier sees. The tables of its range stay open while it lives.
class TableArchive::Session final : public head::ArchiveSession {
 public:
  Session(TableArchive& archive, std::int64_t min_t, std::int64_t max_t)
      : archive_(archive), min_t_(min_t), max_t_(max_t), entered_ms_(archive.enter()) {}
  ~Session() override { archive_.leave(entered_ms_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  bool overlaps() const override {
    const std::shared_ptr<const OpenTables> tables = archive_.current();
    return std::any_of(tables->begin(), tables->end(),
                       [&](const auto& table) { return table->overlaps(min_t_, max_t_); });
  }
  std::unique_ptr<head::ArchiveReader> reader(const head::ArchiveRange& range) override {
    return std::make_unique<TableReader>(archive_, range, missing_);
  }
  std::string missing() const override { return missing_.text(); }
  // Lost tables of its range, once those that are there have been opened.
  void note_lost() { archive_.note_lost(min_t_, max_t_, missing_); }

 private:
  TableArchive& archive_;
  const std::int64_t min_t_;
  const std::int64_t max_t_;
  const std::int64_t entered_ms_;
  MissingNotes missing_;
};

TableArchive::TableArchive(head::Core& core, partition::Catalogue& catalogue,
                           std::uint64_t page_cache_bytes, OnDamage on_damage)
    : core_(core),
      catalogue_(catalogue),
      on_damage_(std::move(on_damage)),
      pages_(page_cache_bytes),
      tables_(std::make_shared<const OpenTables>()) {}

std::unique_ptr<head::ArchiveSession> TableArchive::session(std::int64_t min_t,
                                                            std::int64_t max_t) {
  auto session = std::make_unique<Session>(*this, min_t, max_t);
  const std::shared_ptr<const partition::TableSet> tables = catalogue_.tables();
  for (const auto& entry : *tables) {
    if (entry->name().partition > max_t || entry->partition_end() <= min_t) continue;
    if (find(*entry) != nullptr) continue;
    const fs::Status opened = open_if_within(entry, min_t, max_t);
    if (!opened.ok() && !is_gone(opened)) throw sdk::Error(NX_ERR_IO, opened.message());
  }
  session->note_lost();
  return session;
}

// A day may have many tables: of those that hold other hours no label sets are read.
fs::Status TableArchive::open_if_within(const std::shared_ptr<partition::TableEntry>& entry,
                                        std::int64_t min_t, std::int64_t max_t) {
  const fs::Result<std::shared_ptr<const partition::Table>> table = catalogue_.open_table(entry);
  if (!table.ok()) return table.status();
  const partition::TableFigures& figures = (*table)->figures();
  if (figures.min_t > max_t || figures.max_t < min_t) return fs::Status();
  const std::lock_guard loading(load_mutex_);
  if (find(*entry) != nullptr) return fs::Status();
  const fs::Result<std::shared_ptr<const OpenTable>> loaded = load(entry);
  if (!loaded.ok()) return loaded.status();
  show(*loaded);
  return fs::Status();
}

fs::Result<std::shared_ptr<const OpenTable>> TableArchive::load(
    const std::shared_ptr<partition::TableEntry>& entry) {
  const fs::Result<std::shared_ptr<const partition::Table>> table = catalogue_.open_table(entry);
  if (!table.ok()) return table.status();
  std::vector<std::uint32_t> ids;
  ids.reserve((*table)->figures().series);
  std::vector<index::LabelIndex::Resolved> resolved;
  const std::int64_t now = core_.now_ms();
  const fs::Status read = (*table)->identities([&](std::uint32_t, const nx_series_table& series) {
    // Under the lock, so that no series goes between being found and being pinned.
    const std::lock_guard lock(core_.commit_mutex);
    core_.index.resolve(series, true, resolved);
    for (const index::LabelIndex::Resolved& r : resolved) {
      if (r.identity == nullptr) continue;
      head::Series* found = head::SeriesIndex::of(r.identity);
      found->pins.fetch_add(1, std::memory_order_relaxed);
      found->touch(now);
      ids.push_back(r.identity->id());
    }
  });
  const bool whole = ids.size() == (*table)->figures().series;
  auto out = std::make_shared<const OpenTable>(entry, *table, std::move(ids), core_.index);
  if (read.ok() && whole) return out;
  const std::string why = read.ok() ? "its label sets are not valid" : read.message();
  catalogue_.quarantine(entry, why);
  return fs::Status(EBADMSG, why, entry->name().file());
}

fs::Result<std::shared_ptr<const OpenTable>> TableArchive::adopt(
    const std::shared_ptr<partition::TableEntry>& entry, std::vector<std::uint32_t> ids) {
  const fs::Result<std::shared_ptr<const partition::Table>> table = catalogue_.open_table(entry);
  if (!table.ok()) return table.status();
  if (ids.size() != (*table)->figures().series) return load(entry);
  {
    const std::lock_guard lock(core_.commit_mutex);
    for (const std::uint32_t id : ids) {
      head::Series* series = core_.index.series(id);
      if (series != nullptr) series->pins.fetch_add(1, std::memory_order_relaxed);
    }
  }
  return std::make_shared<const OpenTable>(entry, *table, std::move(ids), core_.index);
}

void TableArchive::publish(std::span<const std::shared_ptr<const OpenTable>> added,
                           std::span<const std::shared_ptr<partition::TableEntry>> removed) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_, [&](const Known& known) {
    // A query may have opened a new table before it was shown.
    const bool again = std::any_of(added.begin(), added.end(), [&](const auto& table) {
      return table->entry() == known.table->entry();
    });
    const bool gone =
        again || std::find(removed.begin(), removed.end(), known.table->entry()) != removed.end();
    if (gone) pages_.forget(known.table->number());
    return gone;
  });
  for (const auto& table : added) known_.push_back({table, core_.now_ms()});
  rebuild();
}

void TableArchive::follow(const partition::TableSet& tables) {
  partition::TableSet gone;
  for (const auto& table : *current()) {
    if (std::find(tables.begin(), tables.end(), table->entry()) == tables.end()) {
      gone.push_back(table->entry());
    }
  }
  if (gone.empty()) return;
  std::vector<std::shared_ptr<const OpenTable>> added;
  {
    const std::lock_guard loading(load_mutex_);
    for (const auto& entry : tables) {
      const bool wanted = std::any_of(gone.begin(), gone.end(), [&](const auto& old) {
        return entry->name().replaces(old->name());
      });
      if (!wanted || find(*entry) != nullptr) continue;
      fs::Result<std::shared_ptr<const OpenTable>> loaded = load(entry);
      // Otherwise the next query that needs it tries again.
      if (loaded.ok()) added.push_back(*std::move(loaded));
    }
  }
  const std::lock_guard lock(core_.commit_mutex);
  publish(added, gone);
}

void TableArchive::show(std::shared_ptr<const OpenTable> table) {
  const std::lock_guard lock(mutex_);
  known_.push_back({std::move(table), core_.now_ms()});
  rebuild();
}

// REQUIRES: mutex_.
void TableArchive::rebuild() {
  std::sort(known_.begin(), known_.end(), [](const Known& a, const Known& b) {
    return order_of(*a.table->entry()) < order_of(*b.table->entry());
  });
  auto tables = std::make_shared<OpenTables>();
  for (const Known& known : known_) tables->push_back(known.table);
  tables_ = std::move(tables);
}

std::shared_ptr<const OpenTable> TableArchive::find(const partition::TableEntry& entry) {
  const std::lock_guard lock(mutex_);
  for (Known& known : known_) {
    if (known.table->entry().get() != &entry) continue;
    known.used_ms = core_.now_ms();
    return known.table;
  }
  return nullptr;
}

void TableArchive::close_idle() {
  std::vector<Known> closed;  // let go without the lock
  const std::lock_guard lock(mutex_);
  // A session has used what it needs when it began, so what was last used before is needed by none.
  std::int64_t before = core_.now_ms() - kIdleMs;
  if (!sessions_.empty()) before = std::min(before, *sessions_.begin());
  const auto idle = std::stable_partition(
      known_.begin(), known_.end(), [&](const Known& known) { return known.used_ms >= before; });
  if (idle == known_.end()) return;
  for (auto at = idle; at != known_.end(); ++at) pages_.forget(at->table->number());
  closed.assign(std::make_move_iterator(idle), std::make_move_iterator(known_.end()));
  known_.erase(idle, known_.end());
  rebuild();
}

std::shared_ptr<const OpenTables> TableArchive::current() const {
  const std::lock_guard lock(mutex_);
  return tables_;
}

std::int64_t TableArchive::enter() {
  const std::int64_t now = core_.now_ms();
  const std::lock_guard lock(mutex_);
  sessions_.insert(now);
  return now;
}

void TableArchive::leave(std::int64_t entered_ms) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(sessions_.find(entered_ms));
}

void TableArchive::damaged(const OpenTable& table, const std::string& why) const {
  on_damage_(*table.entry(), why);
}

void TableArchive::lost(const std::string& file, const std::string& why) {
  const std::optional<partition::TableName> name = partition::TableName::parse(file);
  if (!name) return;
  const std::lock_guard lock(mutex_);
  lost_.push_back({name->partition, file + ": " + why});
}

void TableArchive::note_lost(std::int64_t min_t, std::int64_t max_t, MissingNotes& notes) const {
  const std::lock_guard lock(mutex_);
  for (const LostTable& table : lost_) {
    if (table.partition > max_t || table.partition + partition::kPartitionMs <= min_t) continue;
    notes.add(table.text);
  }
}

std::size_t TableArchive::bytes() const {
  std::size_t bytes = pages_.bytes();
  for (const auto& table : *current()) bytes += table->bytes();
  return bytes;
}

}  // namespace narthex::storage::tsdb
