// SPDX-License-Identifier: Apache-2.0
// The life of a group: append() joins one, the first thread that finds nobody writing leads.
#include "storage/wal/log.hpp"

#include <algorithm>
#include <chrono>

namespace narthex::storage::wal {
namespace {

constexpr std::size_t kFramesKept = std::size_t{256} << 10;

}  // namespace

fs::Status Log::append(std::span<const Record> records, const AppendOptions& how) {
  for (const Record& record : records) {
    if (record.payload.size() > kRecordBytesMax || record.type == 0 ||
        record.type > kRecordTypeMax) {
      return {EINVAL, "append a record to", folder_};
    }
  }
  for (;;) {
    // Copied before the mutex is taken.
    std::vector<PlainRecord> copies;
    copies.reserve(records.size());
    for (const Record& record : records) {
      copies.push_back({record.type, Bytes(record.payload.begin(), record.payload.end())});
    }
    fs::Status status = append_once(std::move(copies), how);
    // Records that stand for themselves shared a group with others that do not.
    if (status.error() != ESTALE || how.generation != 0) return status;
  }
}

fs::Status Log::append_once(std::vector<PlainRecord> records, const AppendOptions& how) {
  Lock lock(mutex_);
  wait_for_room(lock);
  if (how.generation != 0 && how.generation != generation_) {
    return {ESTALE, "append records of an ended segment to", folder_};
  }
  const std::shared_ptr<Group> group = join(std::move(records), how);
  while (!group->done) {
    if (io_busy_) {
      changed_.wait(lock);
    } else {
      lead(lock);
    }
  }
  return group->status;
}

void Log::wait_for_room(Lock& lock) {
  while (broken_.ok() && figures_.unsynced_bytes > options_.unsynced_bytes_max) {
    if (sync_busy_) {
      changed_.wait(lock);
    } else if (!sync_all(lock).ok()) {
      return;
    }
  }
}

std::shared_ptr<Log::Group> Log::join(std::vector<PlainRecord> records, const AppendOptions& how) {
  if (waiting_.empty() || waiting_.back()->generation != generation_) {
    waiting_.push_back(std::make_shared<Group>());
    waiting_.back()->generation = generation_;
  }
  std::shared_ptr<Group> group = waiting_.back();
  group->sync = group->sync || how.sync;
  group->dependent = group->dependent || how.generation != 0;
  for (PlainRecord& record : records) {
    group->bytes += record.payload.size() + kFrameHeaderBytes;
    group->records.push_back(std::move(record));
  }
  return group;
}

void Log::lead(Lock& lock) {
  io_busy_ = true;
  const std::shared_ptr<Group> group = waiting_.front();
  waiting_.pop_front();
  fs::Status status = write(lock, group);
  const bool must_sync = group->sync || options_.durability == Durability::kAlways;
  if (status.ok() && must_sync && !sync_all(lock).ok()) {
    // The group is among the unsynced records, which mend() makes durable.
    status = mend(lock, nullptr);
    if (!status.ok()) {
      // Refused: it is not to come back with the records that were acknowledged.
      end_ = unsynced_.back().at;
      figures_.unsynced_bytes -= group->bytes;
      unsynced_.pop_back();
    }
  }
  if (status.ok()) {
    figures_.records += group->records.size();
    ++figures_.groups;
    if (current_->size() >= options_.segment_bytes && generation_ == current_->header().segment) {
      ++generation_;
    }
  }
  group->status = status;
  group->done = true;
  free_io();
}

fs::Status Log::write(Lock& lock, const std::shared_ptr<Group>& group) {
  const bool late = current_ != nullptr && group->generation < current_->header().segment;
  if (late && group->dependent) return {ESTALE, "append records of an ended segment to", folder_};
  if (!broken_.ok()) {
    if (!may_mend()) return broken_;
    if (group->dependent) {
      // The new segment needs key records.
      const fs::Status mended = mend(lock, nullptr);
      return mended.ok() ? fs::Status(ESTALE, "append records of an ended segment to", folder_)
                         : mended;
    }
    return mend(lock, group);
  }
  if (group->generation > current_->header().segment) {
    const fs::Status begun = begin_segment(lock, group->generation);
    if (!begun.ok()) return mend(lock, group);
  }
  const std::shared_ptr<SegmentWriter> segment = current_;
  const Position at = end_;
  lock.unlock();
  Bytes& frames = frames_;
  frames.clear();
  for (const PlainRecord& record : group->records) {
    append_frames(frames, at.offset, segment->header().salt, record.type, record.payload);
  }
  const fs::Status status = segment->append(frames);
  const std::size_t written = frames.size();
  if (frames.capacity() > kFramesKept) frames = Bytes();
  lock.lock();
  if (!status.ok()) {
    ++figures_.write_failures;
    broken_ = status;
    return mend(lock, group);
  }
  figures_.bytes_written += written;
  end_.offset = segment->size();
  if (options_.durability != Durability::kNever || group->sync) {
    unsynced_.push_back({at, group});
    figures_.unsynced_bytes += group->bytes;
  }
  return {};
}

fs::Status Log::sync_all(Lock& lock) {
  while (sync_busy_) changed_.wait(lock);
  if (!broken_.ok()) return broken_;
  if (unsynced_.empty() && directory_synced_) return {};
  sync_busy_ = true;
  std::vector<std::shared_ptr<SegmentWriter>> segments = finished_;
  const std::size_t finished = segments.size();
  if (current_ != nullptr) segments.push_back(current_);
  const std::size_t groups = unsynced_.size();
  const bool directory = !directory_synced_;
  directory_synced_ = true;
  lock.unlock();
  fs::Status status;
  for (const auto& segment : segments) {
    if (status.ok()) status = segment->sync();
  }
  if (status.ok() && directory) status = files_.sync_directory(folder_);
  lock.lock();
  sync_busy_ = false;
  ++figures_.syncs;
  if (status.ok()) {
    for (std::size_t i = 0; i < groups; ++i) {
      figures_.unsynced_bytes -= unsynced_.front().group->bytes;
      unsynced_.pop_front();
    }
    finished_.erase(finished_.begin(), finished_.begin() + static_cast<std::ptrdiff_t>(finished));
  } else {
    ++figures_.sync_failures;
    directory_synced_ = false;
    broken_ = status;
  }
  changed_.notify_all();
  return status;
}

fs::Status Log::sync() {
  Lock lock(mutex_);
  take_io(lock);
  fs::Status status = sync_all(lock);
  if (!status.ok()) status = mend(lock, nullptr);
  free_io();
  return status;
}

fs::Result<std::uint64_t> Log::rotate() {
  Lock lock(mutex_);
  take_io(lock);
  fs::Status status;
  if (!broken_.ok()) {
    status = mend(lock, nullptr);
  } else if (current_->size() > kSegmentHeaderBytes) {
    // A full one may have raised it already.
    if (generation_ == current_->header().segment) ++generation_;
    status = begin_segment(lock, generation_);
    if (!status.ok()) status = mend(lock, nullptr);
  }
  const std::uint64_t generation = generation_;
  free_io();
  if (!status.ok()) return status;
  return generation;
}

void Log::take_io(Lock& lock) {
  while (io_busy_) changed_.wait(lock);
  io_busy_ = true;
}

void Log::free_io() {
  io_busy_ = false;
  changed_.notify_all();
}

std::uint64_t Log::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

LogFigures Log::figures() const {
  const std::lock_guard lock(mutex_);
  LogFigures figures = figures_;
  figures.broken = !broken_.ok();
  return figures;
}

}  // namespace narthex::storage::wal
