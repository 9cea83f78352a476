// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/repair.hpp"

#include "storage/partition/leftovers.hpp"
#include "storage/partition/rescue_table.hpp"
#include "storage/tsdb/database.hpp"

#include <algorithm>
#include <array>

namespace narthex::storage::tsdb {
namespace {

constexpr std::string_view kPartitions = "partitions/";
constexpr std::string_view kWal = "wal/";

template <class T>
void add_once(std::vector<T>& to, const T& item) {
  if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
}

Status failed(const fs::Status& status) { return io_error(status.message()); }

}  // namespace

Result<std::unique_ptr<FolderTask>> Repair::begin(const Options& options,
                                                  Surroundings surroundings) {
  Result<FolderCheck> before = FolderCheck::begin(surroundings.files, options.path);
  if (!before.ok()) return before.status();
  return std::unique_ptr<FolderTask>(
      new Repair(options, std::move(surroundings), *std::move(before)));
}

Result<bool> Repair::step() {
  Status done;
  switch (phase_) {
    case Phase::kCheck:
      if (before_.step()) return true;
      plan();
      phase_ = before_.report().good() ? Phase::kDone : Phase::kTables;
      return phase_ != Phase::kDone;
    case Phase::kTables:
      if (!tables_.empty()) {
        done = mend_table(tables_.back());
        tables_.pop_back();
      } else if (!tombstones_.empty()) {
        done = mend_tombstones(tombstones_.back());
        tombstones_.pop_back();
      } else {
        phase_ = Phase::kLog;
      }
      break;
    case Phase::kLog: {
      done = mend_log();
      if (!done.ok()) break;
      Result<FolderCheck> after = FolderCheck::begin(world_.files, options_.path);
      if (!after.ok()) return after.status();
      after_.emplace(*std::move(after));
      phase_ = Phase::kCheckAgain;
      break;
    }
    case Phase::kCheckAgain:
      if (after_->step()) return true;
      phase_ = Phase::kDone;
      return false;
    case Phase::kDone:
      return false;
  }
  if (!done.ok()) return done;
  return true;
}

void Repair::plan() {
  for (const FolderDamage& damage : before_.report().damages) {
    const std::string_view file = damage.file;
    if (file.starts_with(kPartitions)) {
      const std::string_view name = file.substr(kPartitions.size());
      if (const auto table = partition::TableName::parse(name)) add_once(tables_, *table);
      if (const auto table = partition::TableName::parse_tombstones(name)) {
        add_once(tombstones_, *table);
      }
    } else if (file.starts_with(kWal)) {
      add_once(segments_, std::string(file.substr(kWal.size())));
    }
  }
}

Status Repair::mend_table(const partition::TableName& name) {
  const std::string folder = options_.path + "/partitions";
  if (!world_.files.open_read(folder + "/" + name.file()).ok()) return Status();  // it is missing
  const fs::Result<partition::Rescue> rescue = partition::rescue_table(world_.files, folder, name);
  if (!rescue.ok()) return failed(rescue.status());
  const std::string moved = "moved partitions/" + name.file() + " to partitions/quarantine";
  if (!rescue->table) {
    did(moved + "; nothing of it can be read");
    return Status();
  }
  did(moved + "; partitions/" + rescue->table->file() + " has what can be read of it: " +
      std::to_string(rescue->figures.series) + " of " + std::to_string(rescue->series_before) +
      " series, " + std::to_string(rescue->figures.samples) + " of " +
      std::to_string(rescue->samples_before) + " samples");
  return Status();
}

// Gone with its table where that was damaged too.
Status Repair::mend_tombstones(const partition::TableName& name) {
  const std::string folder = options_.path + "/partitions";
  const std::string file = name.tombstone_file();
  if (!world_.files.open_read(folder + "/" + file).ok()) return Status();
  const fs::Status moved = partition::move_aside(world_.files, folder, std::array{file});
  if (!moved.ok()) return failed(moved);
  did("moved partitions/" + file + " to partitions/quarantine; what it deleted shows again");
  return Status();
}

Status Repair::mend_log() {
  if (!segments_.empty()) {
    const fs::Status kept = partition::keep_aside(world_.files, options_.path + "/wal", segments_);
    if (!kept.ok()) return failed(kept);
    for (const std::string& name : segments_) did("kept wal/" + name + " in wal/quarantine");
  }
  Result<std::unique_ptr<Database>> database = Database::open(options_, world_);
  if (!database.ok()) return database.status();
  const Status flushed = (*database)->flush();
  if (!flushed.ok()) return flushed;
  const std::uint64_t samples = (*database)->flushed_samples();
  did("recovered the log and wrote its " + std::to_string(samples) + " readable samples to tables");
  did("wrote the inventory again");
  return Status();
}

nx_value Repair::tree(std::uint32_t, sdk::TreeArena& arena) const {
  std::vector<nx_kv> out{arena.entry("check", arena.string("repair")),
                         arena.entry("done", arena.boolean(phase_ == Phase::kDone))};
  add_report(before_.report(), arena, out);
  out.push_back(arena.entry("actions", texts_tree(actions_, arena)));
  const std::vector<FolderDamage> none;
  out.push_back(arena.entry("left", damages_tree(after_ ? after_->report().damages : none, arena)));
  return arena.table(out);
}

}  // namespace narthex::storage::tsdb
