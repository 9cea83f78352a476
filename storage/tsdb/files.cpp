// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/files.hpp"

#include "storage/tsdb/flush.hpp"
#include "storage/tsdb/folder_list.hpp"
#include "storage/tsdb/recovery.hpp"
#include "storage/tsdb/recovery_lane.hpp"
#include "storage/tsdb/recovery_teller.hpp"

#include <algorithm>
#include <optional>

namespace narthex::storage::tsdb {
namespace {

constexpr std::size_t kToldMax = 1000;
constexpr std::uint64_t kRoomLeast = 4 << 20;   // of free space; below it appends are refused ...
constexpr std::uint64_t kRoomAgain = 16 << 20;  // ... until there is so much
constexpr std::int64_t kLookEveryNs = 500'000'000;
constexpr std::int64_t kTellEveryNs = 10'000'000'000;
constexpr std::uint32_t kRetryAfterMs = 5'000;

std::optional<wal::Durability> durability_of(std::string_view text) {
  if (text == "always") return wal::Durability::kAlways;
  if (text == "interval") return wal::Durability::kInterval;
  if (text == "never") return wal::Durability::kNever;
  return std::nullopt;
}

}  // namespace

Files::Files(const Options& given, Surroundings surroundings)
    : world(std::move(surroundings)),
      options(given),
      core({UINT64_MAX, std::max<std::int64_t>(given.max_exemplars, 0)}, world.now_ms) {
  // Refused when flushing has failed for so long that memory runs out.
  core.max_bytes = 8 * static_cast<std::uint64_t>(given.head_bytes) + (std::uint64_t{1} << 30);
  core.make_room = [] { return false; };
}

Files::~Files() {
  core.journal = nullptr;
  core.archive = nullptr;
}

Result<std::unique_ptr<Files>> Files::open(const Options& options, Surroundings surroundings) {
  if (!durability_of(options.fsync)) {
    return invalid_argument("fsync: \"" + options.fsync + "\" is not always, interval or never");
  }
  std::unique_ptr<Files> files(new Files(options, std::move(surroundings)));
  const fs::Status made = files->world.files.make_directory(options.path);
  if (!made.ok()) return io_error(made.message());
  for (const auto step : {&Files::open_tables, &Files::recover}) {
    const Status done = (files.get()->*step)();
    if (!done.ok()) return done;
  }
  return files;
}

Status Files::open_tables() {
  fs::Result<std::unique_ptr<partition::Catalogue>> opened = partition::Catalogue::open(
      world.files, path_of("partitions"), [this](const std::string& file, const std::string& why) {
        ++damage.tables_set_aside;
        if (archive != nullptr) {
          archive->lost(file, why);
        } else {
          lost_at_open_.emplace_back(file, why);
        }
        world.log(NX_LOG_ERROR,
                  "a damaged table was set aside, its samples are missing: " + file + ": " + why);
      });
  if (!opened.ok()) return io_error(opened.status().message());
  catalogue = *std::move(opened);
  archive = std::make_unique<TableArchive>(
      core, *catalogue, static_cast<std::uint64_t>(options.page_cache_bytes),
      [this](const partition::TableEntry& entry, const std::string& why) {
        told_of_page(entry, why);
      });
  core.archive = archive.get();
  for (const auto& [file, why] : lost_at_open_) archive->lost(file, why);
  lost_at_open_.clear();
  // The newest partition says how far what is archived goes.
  const std::shared_ptr<const partition::TableSet> tables = catalogue->tables();
  for (const auto& entry : *tables) {
    if (entry->name().partition != tables->back()->name().partition) continue;
    const auto table = catalogue->open_table(entry);
    core.archived_t =
        std::max(core.archived_t, table.ok() ? (*table)->figures().max_t : entry->partition_end());
  }
  return Status();
}

// The folder of the log, its records, a new segment.
Status Files::recover() {
  const std::string folder = path_of("wal");
  const fs::Status made = world.files.make_directory(folder);
  if (!made.ok()) return io_error(made.message());
  const std::int64_t begun_ns = world.mono_ns();
  Recovery recovery(
      core, static_cast<std::uint64_t>(options.head_bytes),
      [this] {
        Flush flush(core, world.files, *catalogue, *archive, partition::TableOptions());
        const fs::Result<Flush::Progress> done = flush.step([] { return false; });
        if (!done.ok()) warn("flush while recovering failed: " + done.status().message());
        flushed_in_recovery += done.ok() ? flush.figures().samples : 0;
      },
      [this](const std::vector<std::uint32_t>& ids, std::int64_t min_t, std::int64_t max_t) {
        // A recovery that was cut short may have left tables too, whose series nobody knows yet.
        const std::unique_ptr<head::ArchiveSession> session = archive->session(min_t, max_t);
        const Status deleted = delete_in_tables(ids, min_t, max_t);
        if (!deleted.ok()) warn("what was deleted shows again: " + deleted.message());
      });
  RecoveryLane lane(recovery);
  wal::RecordReader records(lane);
  RecoveryTeller teller(world, folder);
  const fs::Result<wal::ReplayReport> replayed =
      wal::replay(world.files, folder, teller.listen_to(records.sink()));
  if (!replayed.ok()) return io_error(replayed.status().message());
  lane.finish();
  damage.log_stretches += replayed->damage_count + replayed->segments_lost;
  damage.samples_dropped += records.figures().dropped_samples + recovery.orphans();
  for (const wal::Damage& at : replayed->damages) {
    warn("the log is damaged in segment " + std::to_string(at.at.segment) + " at byte " +
         std::to_string(at.at.offset) + ": " + std::to_string(at.bytes) + " bytes were left out");
  }
  if (replayed->torn_bytes != 0) {
    warn("the log ends in " + std::to_string(replayed->torn_bytes) +
         " bytes that are no whole record: they were left out");
  }
  if (replayed->last_is_short) {
    warn("the newest segment of the log is shorter than its header: what it held is lost");
  }
  if (replayed->segments_lost != 0) {
    warn(std::to_string(replayed->segments_lost) + " segments of the log could not be opened");
  }
  if (records.figures().malformed_records != 0 || damage.samples_dropped != 0) {
    warn("recovery dropped " + std::to_string(damage.samples_dropped) +
         " samples whose series or value damage has made uncertain, and " +
         std::to_string(records.figures().malformed_records) + " records");
  }
  compare(replayed->state);
  wal::Options log_options;
  log_options.durability = *durability_of(options.fsync);
  log_options.segment_bytes = std::uint64_t{128} << 20;
  fs::Result<std::unique_ptr<wal::Log>> opened =
      wal::Log::open(world.files, folder, log_options, replayed->state);
  if (!opened.ok()) return io_error(opened.status().message());
  log = *std::move(opened);
  journal =
      std::make_unique<LogJournal>(core, *log, log_options.durability == wal::Durability::kAlways);
  journal->count_replayed(replayed->bytes);
  teller.done();
  recovery_ns = world.mono_ns() - begun_ns;
  core.journal = journal.get();
  world.log(NX_LOG_INFO, "recovered " + std::to_string(recovery.recovered()) +
                             " samples from the log, " + std::to_string(replayed->bytes) +
                             " bytes");
  save_inventory();
  return Status();
}

Status Files::delete_in_tables(const std::vector<std::uint32_t>& ids, std::int64_t min_t,
                               std::int64_t max_t) {
  const std::shared_ptr<const OpenTables> tables = archive->current();
  for (const std::shared_ptr<const OpenTable>& table : *tables) {
    if (!table->overlaps(min_t, max_t)) continue;
    const auto before = table->entry()->tombstones();
    partition::Tombstones tombstones = before != nullptr ? *before : partition::Tombstones();
    bool any = false;
    for (const std::uint32_t id : ids) {
      const std::uint32_t ordinal = table->ordinal_of(id);
      if (ordinal == OpenTable::kAbsent || !table->may_hold(ordinal, min_t, max_t)) continue;
      tombstones.add(ordinal, {min_t, max_t});
      any = true;
    }
    if (!any) continue;
    const fs::Status saved = catalogue->set_tombstones(table->entry(), std::move(tombstones));
    if (!saved.ok()) return to_status(saved);
  }
  return Status();
}

// Tells of files that should be there and are not.
void Files::compare(const wal::LogState& state) {
  const fs::Result<Inventory> loaded = Inventory::load(world.files, path_of("inventory"));
  if (!loaded.ok()) {
    const bool fresh = state.segments.empty() && catalogue->tables()->empty();
    if (!fresh) {
      warn(
          "the inventory of the data folder cannot be read, it is made again from what is there: " +
          loaded.status().message());
    }
    return;
  }
  saved_ = *loaded;
  std::vector<partition::TableName> tables;
  for (const auto& entry : *catalogue->tables()) tables.push_back(entry->name());
  std::vector<std::uint64_t> segments;
  for (const wal::SegmentInfo& info : state.segments) segments.push_back(info.header.segment);
  const MissingFiles missing = missing_files(*loaded, tables, segments);
  damage.files_missing += missing.tables.size() + missing.segments.size();
  for (const std::string& table : missing.tables) {
    warn("the table " + table + " is missing: its samples are lost");
    archive->lost(table, "the file is missing");
  }
  for (const std::uint64_t segment : missing.segments) {
    warn("segment " + std::to_string(segment) + " of the log is missing: its samples are lost");
  }
}

Status Files::room() {
  const std::int64_t now = world.mono_ns();
  const std::lock_guard lock(room_mutex_);
  if (room_looked_ns_ != 0 && now - room_looked_ns_ < kLookEveryNs) return room_;
  room_looked_ns_ = now;
  const fs::Result<std::uint64_t> free = world.files.free_bytes(options.path);
  if (!free.ok()) return room_;
  const bool refused = !room_.ok();
  if (*free >= (refused ? kRoomAgain : kRoomLeast)) {
    if (refused) world.log(NX_LOG_INFO, "there is space on the disk again: appends are taken");
    room_ = Status();
    return room_;
  }
  room_ = Status(NX_ERR_UNAVAILABLE,
                 "no space left on the disk: " + std::to_string(*free) + " bytes are free",
                 kRetryAfterMs);
  if (!refused || now - room_told_ns_ >= kTellEveryNs) {
    room_told_ns_ = now;
    warn(room_.message() + ", appends are refused");
  }
  return room_;
}

void Files::save_inventory(std::uint64_t first_needed) {
  const std::lock_guard lock(inventory_mutex_);
  Inventory now;
  const wal::SegmentRange segments = log->segments();
  now.first_segment = std::max(segments.first, std::min(first_needed, segments.last));
  now.last_segment = segments.last;
  for (const auto& entry : *catalogue->tables()) now.tables.push_back(entry->name().file());
  std::sort(now.tables.begin(), now.tables.end());
  if (now == saved_) return;
  const fs::Status saved = now.save(world.files, path_of("inventory"));
  if (saved.ok()) {
    saved_ = std::move(now);
  } else {
    warn("the inventory of the data folder cannot be written: " + saved.message());
  }
}

std::uint64_t Files::disk_bytes() const {
  return catalogue->figures().bytes + journal->bytes_since_rotation();
}

std::uint64_t Files::log_file_bytes() const {
  const std::string folder = path_of("wal");
  const auto names = world.files.list(folder);
  std::uint64_t sum = 0;
  if (!names.ok()) return sum;
  for (const std::string& name : *names) {
    if (!wal::parse_segment_name(name)) continue;
    const auto file = world.files.open_read(folder + "/" + name);
    const auto size = file.ok() ? (*file)->size() : fs::Result<std::uint64_t>(file.status());
    sum += size.ok() ? *size : 0;
  }
  return sum;
}

void Files::told_of_page(const partition::TableEntry& entry, const std::string& why) {
  ++damage.pages;
  const std::string text = entry.name().file() + ": " + why;
  {
    const std::lock_guard lock(told_mutex_);
    if (std::find(told_.begin(), told_.end(), text) != told_.end()) return;
    if (told_.size() < kToldMax) told_.push_back(text);
  }
  world.log(NX_LOG_ERROR, "a damaged page cannot be read, its samples are missing: " + text);
}

}  // namespace narthex::storage::tsdb
