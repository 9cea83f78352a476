// SPDX-License-Identifier: Apache-2.0
// The log's segments: opening, the next one, the one that mends a broken log, the reserve, the end.
#include "storage/wal/log.hpp"

#include <algorithm>
#include <chrono>
#include <random>

namespace narthex::storage::wal {
namespace {

constexpr const char* kReserveName = "/reserve";
constexpr std::uint64_t kReserveSlack = 2;  // made again when this many times its size is free

std::uint32_t fresh_salt() {
  std::random_device device;
  return device();
}

}  // namespace

Log::Log(fs::FileSystem& files, std::string folder, const Options& options, const LogState& state)
    : files_(files), folder_(std::move(folder)), options_(options), end_(state.end) {
  for (const SegmentInfo& info : state.segments) {
    segments_[info.header.segment] = {info.name, info.header.carries, info.header.replaces.segment};
    generation_ = std::max(generation_, info.header.segment);
  }
}

fs::Result<std::unique_ptr<Log>> Log::open(fs::FileSystem& files, const std::string& folder,
                                           const Options& options, const LogState& state) {
  const auto names = files.list(folder);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    // What a crash left of a segment that was never begun.
    if (name.ends_with(".log.tmp")) (void)files.unlink(folder + "/" + name);
  }
  std::unique_ptr<Log> log(new Log(files, folder, options, state));
  Lock lock(log->mutex_);
  log->reserve_there_ = std::binary_search(names->begin(), names->end(), "reserve");
  log->broken_ = fs::Status(EAGAIN, "begin a segment in", folder);
  (void)log->mend(lock, nullptr);
  log->make_reserve(lock);
  lock.unlock();
  if (options.background) {
    Log& self = *log;
    log->syncer_ = std::thread([&self] {
      Lock own(self.mutex_);
      const std::chrono::milliseconds interval(self.options_.sync_interval_ms);
      auto next = std::chrono::steady_clock::now() + interval;
      while (!self.stopping_) {
        if (self.stop_.wait_until(own, next) == std::cv_status::no_timeout) continue;
        next = std::chrono::steady_clock::now() + interval;
        own.unlock();
        self.tick();
        own.lock();
      }
    });
  }
  return log;
}

Log::~Log() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (syncer_.joinable()) syncer_.join();
  (void)sync();
  if (current_ != nullptr && broken_.ok()) current_->finish();
}

void Log::tick() {
  Lock lock(mutex_);
  const bool never = options_.durability == Durability::kNever;
  if (broken_.ok() && !never) (void)sync_all(lock);
  if (!broken_.ok()) {
    take_io(lock);
    if (!broken_.ok()) (void)mend(lock, nullptr);
    free_io();
  }
  make_reserve(lock);
}

fs::Result<std::shared_ptr<SegmentWriter>> Log::create(Lock& lock, const SegmentHeader& header,
                                                       ByteView content, bool sync) {
  lock.unlock();
  const SegmentWriter::Start start{options_.segment_bytes, content, sync};
  auto segment = SegmentWriter::create(files_, folder_, header, start);
  if (!segment.ok() && segment.status().is_full()) {
    lock.lock();
    const bool gave_up = give_up_reserve();
    lock.unlock();
    if (gave_up) segment = SegmentWriter::create(files_, folder_, header, start);
    if (!segment.ok() && segment.status().is_full()) {
      // What room there is may do for a while.
      const SegmentWriter::Start small{0, content, sync};
      segment = SegmentWriter::create(files_, folder_, header, small);
    }
  }
  lock.lock();
  return segment;
}

void Log::adopt(std::shared_ptr<SegmentWriter> segment) {
  const SegmentHeader& header = segment->header();
  segments_[header.segment] = {segment_name(header.segment, header.salt), header.carries,
                               header.replaces.segment};
  end_ = {header.segment, segment->size()};
  current_ = std::move(segment);
  ++figures_.segments_begun;
}

// The usual change of segment: nothing is synced here, the next sync covers both files.
fs::Status Log::begin_segment(Lock& lock, std::uint64_t number) {
  auto segment = create(lock, {number, fresh_salt(), end_, false}, {}, false);
  if (!segment.ok()) {
    ++figures_.write_failures;
    broken_ = segment.status();
    return broken_;
  }
  current_->finish();
  if (options_.durability != Durability::kNever) finished_.push_back(current_);
  directory_synced_ = false;
  adopt(*std::move(segment));
  return {};
}

// Appends that come in a burst are not to make a file each.
bool Log::may_mend() const {
  const std::chrono::milliseconds interval(options_.mend_interval_ms);
  return std::chrono::steady_clock::now() - mend_failed_at_ >= interval;
}

// Writes every unsynced record, and `group` where it is given, to a new segment and syncs it. The
// segment stands under its name only when it is whole, so a crash sees the old file or the new.
fs::Status Log::mend(Lock& lock, const std::shared_ptr<Group>& group) {
  // A sync that runs beside might claim success for pages that are lost.
  while (sync_busy_) changed_.wait(lock);
  SegmentHeader header{++generation_, fresh_salt(), end_, false};
  if (!unsynced_.empty()) header.replaces = unsynced_.front().at;
  std::vector<std::shared_ptr<Group>> groups;
  for (const Unsynced& unsynced : unsynced_) groups.push_back(unsynced.group);
  if (group != nullptr) groups.push_back(group);
  header.carries = !groups.empty();
  Bytes content;
  for (const auto& carried : groups) {
    for (const PlainRecord& record : carried->records) {
      append_frames(content, kSegmentHeaderBytes, header.salt, record.type, record.payload);
    }
  }
  const std::shared_ptr<SegmentWriter> before = current_;
  auto segment = create(lock, header, content, true);
  if (!segment.ok()) {
    broken_ = segment.status();
    mend_failed_at_ = std::chrono::steady_clock::now();
    return broken_;
  }
  // Not before the records stand elsewhere: what is in the old file may be all there is.
  if (before != nullptr) before->finish();
  broken_ = {};
  unsynced_.clear();
  finished_.clear();
  figures_.unsynced_bytes = 0;
  figures_.bytes_written += content.size();
  directory_synced_ = true;
  adopt(*std::move(segment));
  return {};
}

bool Log::give_up_reserve() {
  const bool there = reserve_there_;
  reserve_there_ = false;
  return there && files_.unlink(folder_ + kReserveName).ok();
}

void Log::make_reserve(Lock& lock) {
  if (reserve_there_ || options_.reserve_bytes == 0 || !broken_.ok()) return;
  lock.unlock();
  const auto free = files_.free_bytes(folder_);
  bool made = false;
  if (free.ok() && *free > kReserveSlack * options_.reserve_bytes) {
    auto file = files_.open_append(folder_ + kReserveName, fs::OpenMode::kTruncate);
    made = file.ok() && (*file)->allocate(options_.reserve_bytes).ok();
    if (!made) (void)files_.unlink(folder_ + kReserveName);
  }
  lock.lock();
  reserve_there_ = reserve_there_ || made;
}

SegmentRange Log::segments() const {
  const std::lock_guard lock(mutex_);
  if (segments_.empty()) return {};
  return {segments_.begin()->first, segments_.rbegin()->first};
}

fs::Status Log::truncate_below(std::uint64_t segment) {
  std::vector<std::string> names;
  {
    const std::lock_guard lock(mutex_);
    if (current_ == nullptr) return {};
    segment = std::min(segment, end_.segment);
    if (!unsynced_.empty()) segment = std::min(segment, unsynced_.front().at.segment);
    for (auto at = segments_.find(segment); at != segments_.end() && at->second.carries;) {
      segment = at->second.replaces;
      at = segments_.find(segment);
    }
    for (const auto& [number, known] : segments_) {
      if (number < segment) names.push_back(known.name);
    }
  }
  for (const std::string& name : names) {
    fs::Status status = files_.unlink(folder_ + "/" + name);
    if (!status.ok() && status.error() != ENOENT) return status;
    // Oldest first, each for good before the next: after a power cut a segment must not be there
    // without those behind it, which say what of it was deleted.
    status = files_.sync_directory(folder_);
    if (!status.ok()) return status;
    const std::lock_guard lock(mutex_);
    std::erase_if(segments_, [&](const auto& entry) { return entry.second.name == name; });
  }
  return {};
}

}  // namespace narthex::storage::wal
