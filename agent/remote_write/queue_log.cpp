// SPDX-License-Identifier: Apache-2.0
#include "remote_write/queue_log.hpp"

#include "remote_write/frame.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace narthex::remote_write {
namespace {

constexpr std::string_view kEnding = ".rows";
// The part of a segment that may be names of series, as one in this many.
constexpr std::uint64_t kSeriesShare = 4;
constexpr std::uint64_t kSegmentsMin = 8;  // of max_bytes, so that dropping one is no great loss
constexpr std::int64_t kAgesMin = 8;       // of max_age_ms, likewise

Status file_error(const char* what, const std::string& path) {
  return {NX_ERR_IO, std::string(what) + " " + path + ": " + std::strerror(errno)};
}

// On the wall clock, as the file system has it; now where it does not say.
std::int64_t written_ms_of(const std::filesystem::directory_entry& file) {
  struct stat status {};
  if (::stat(file.path().c_str(), &status) != 0) return runtime::SystemClock().now_ms();
  return std::int64_t{status.st_mtim.tv_sec} * 1'000 + status.st_mtim.tv_nsec / 1'000'000;
}

}  // namespace

QueueLog::~QueueLog() { close_file(); }

std::string QueueLog::path_of(std::uint32_t segment) const {
  char name[32];
  std::snprintf(name, sizeof name, "/%08u", segment);
  return options_.folder + name + std::string(kEnding);
}

Status QueueLog::open() {
  std::error_code failed;
  std::filesystem::create_directories(options_.folder, failed);
  if (failed) return {NX_ERR_IO, "cannot make " + options_.folder + ": " + failed.message()};
  const std::lock_guard lock(mutex_);
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(kEnding)) continue;
    std::uint32_t number = 0;
    const char* const end = name.data() + name.size() - kEnding.size();
    const auto parsed = std::from_chars(name.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || number == 0) continue;
    std::error_code unknown;
    Segment& found = segments_[number];
    found.bytes = entry.file_size(unknown);
    found.written_ms = written_ms_of(entry);
  }
  if (failed) return {NX_ERR_IO, "cannot list " + options_.folder + ": " + failed.message()};
  current_ = segments_.empty() ? 1 : segments_.rbegin()->first + 1;
  segments_[current_].counted = true;
  return Status();
}

std::uint32_t QueueLog::segment() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

bool QueueLog::is_full() const {
  const std::lock_guard lock(mutex_);
  const Segment& current = segments_[current_];
  const std::uint64_t bytes = current.bytes;
  if (current.begun_ms != 0 && now_ms() - current.begun_ms > options_.max_age_ms / kAgesMin) {
    return true;
  }
  if (bytes < std::min(options_.segment_bytes, options_.max_bytes / kSegmentsMin)) return false;
  return bytes >= series_bytes_ * kSeriesShare || bytes >= options_.max_bytes / kSegmentsMin;
}

void QueueLog::begin_segment() {
  const std::lock_guard lock(mutex_);
  close_file();
  series_bytes_ = 0;
  segments_[++current_].counted = true;
}

Status QueueLog::open_file() {
  const std::string path = path_of(current_);
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file_ < 0) return file_error("cannot create", path);
  const Status written = write_whole(kSegmentMark);
  if (!written.ok()) return written;
  segments_[current_].bytes = kSegmentMark.size();
  segments_[current_].begun_ms = now_ms();
  return Status();
}

Status QueueLog::write_whole(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return file_error("cannot write", path_of(current_));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return Status();
}

void QueueLog::close_file() {
  if (file_ < 0) return;
  if (options_.sync && unsynced_) (void)::fdatasync(file_);
  unsynced_ = false;
  ::close(file_);
  file_ = -1;
}

Status QueueLog::append(std::string_view frame, std::uint32_t rows, std::size_t series_bytes) {
  const std::lock_guard lock(mutex_);
  Status done = file_ < 0 ? open_file() : Status();
  if (done.ok()) done = write_whole(frame);
  if (!done.ok()) {
    // What was half written is skipped by readers: they stop at the known bytes.
    ++stats_.write_failures;
    close_file();
    series_bytes_ = 0;
    if (segments_[current_].bytes > kSegmentMark.size()) ++current_;
    segments_[current_] = {};
    segments_[current_].counted = true;
    return done;
  }
  Segment& segment = segments_[current_];
  segment.bytes += frame.size();
  segment.rows += rows;
  segment.written_ms = now_ms();
  series_bytes_ += series_bytes;
  unsynced_ = true;
  keep_bounds();
  return Status();
}

void QueueLog::sync() {
  int copy = -1;
  {
    const std::lock_guard lock(mutex_);
    if (!options_.sync || !unsynced_ || file_ < 0) return;
    unsynced_ = false;
    copy = ::fcntl(file_, F_DUPFD_CLOEXEC, 0);
  }
  if (copy < 0) return;
  if (::fdatasync(copy) != 0) {
    log_.error("rows to send may not outlive a power failure", {{"err", std::strerror(errno)}});
  }
  ::close(copy);
}

QueueLog::Tail QueueLog::tail() const {
  const std::lock_guard lock(mutex_);
  return {current_, segments_[current_].bytes};
}

std::uint32_t QueueLog::first_from(std::uint32_t segment) const {
  const std::lock_guard lock(mutex_);
  for (auto at = segments_.lower_bound(segment); at != segments_.end(); ++at) {
    if (!at->second.gone) return at->first;
  }
  return 0;
}

std::uint64_t QueueLog::bytes_of(std::uint32_t segment) const {
  const std::lock_guard lock(mutex_);
  const auto at = segments_.find(segment);
  return at == segments_.end() || at->second.gone ? 0 : at->second.bytes;
}

Place QueueLog::end() const {
  const std::lock_guard lock(mutex_);
  return {current_, static_cast<std::uint32_t>(segments_[current_].rows)};
}

// Hops from head to head; a torn tail ends it.
void QueueLog::count_rows(std::uint32_t number, Segment& segment) const {
  segment.counted = true;
  std::ifstream in(path_of(number), std::ios::binary);
  in.seekg(static_cast<std::streamoff>(kSegmentMark.size()));
  std::uint64_t at = kSegmentMark.size();
  char bytes[Frame::kHeadBytes];
  Frame::Head head;
  while (in.read(bytes, sizeof bytes) && Frame::read_head({bytes, sizeof bytes}, head)) {
    at += sizeof bytes + head.payload_bytes;
    if (at > segment.bytes) break;
    segment.rows += head.rows;
    in.seekg(static_cast<std::streamoff>(at));
  }
}

std::uint64_t QueueLog::rows_between(Place from, Place to) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t rows = 0;
  for (auto at = segments_.lower_bound(from.segment);
       at != segments_.end() && at->first <= to.segment; ++at) {
    if (!at->second.counted) count_rows(at->first, at->second);
    std::uint64_t in_it = at->first == to.segment ? to.row : at->second.rows;
    if (at->first == from.segment) in_it -= std::min<std::uint64_t>(from.row, in_it);
    rows += in_it;
  }
  return rows;
}

void QueueLog::remove_file(std::uint32_t segment) {
  if (::unlink(path_of(segment).c_str()) == 0 || errno == ENOENT) return;
  log_.error("a segment of rows to send cannot be removed",
             {{"file", path_of(segment)}, {"err", std::strerror(errno)}});
}

void QueueLog::forget_before(std::uint32_t segment) {
  const std::lock_guard lock(mutex_);
  while (!segments_.empty() && segments_.begin()->first < std::min(segment, current_)) {
    if (!segments_.begin()->second.gone) remove_file(segments_.begin()->first);
    segments_.erase(segments_.begin());
  }
}

void QueueLog::keep_bounds() {
  std::uint64_t bytes = 0;
  for (const auto& [number, segment] : segments_) bytes += segment.gone ? 0 : segment.bytes;
  for (auto& [number, segment] : segments_) {
    if (bytes <= options_.max_bytes || number == current_) break;
    if (segment.gone) continue;
    drop(number, segment, "rows to send dropped: the log has reached its bound");
    bytes -= std::min(bytes, segment.bytes);
  }
}

void QueueLog::drop_aged() {
  if (options_.max_age_ms == 0) return;
  const std::int64_t oldest_ms = now_ms() - options_.max_age_ms;
  const std::lock_guard lock(mutex_);
  for (auto& [number, segment] : segments_) {
    if (segment.gone || number == current_ || segment.written_ms >= oldest_ms) continue;
    drop(number, segment, "rows to send dropped: they have waited too long");
  }
}

void QueueLog::drop(std::uint32_t number, Segment& segment, std::string_view why) {
  if (!segment.counted) count_rows(number, segment);
  remove_file(number);
  segment.gone = true;
  ++stats_.dropped_segments;
  log_.warn(std::string(why), {{"segment", number},
                               {"rows", segment.rows},
                               {"max_bytes", options_.max_bytes},
                               {"max_age_ms", options_.max_age_ms}});
}

std::int64_t QueueLog::now_ms() const {
  return options_.max_age_ms != 0 ? options_.clock->now_ms() : 0;
}

QueueLog::Stats QueueLog::stats() const {
  const std::lock_guard lock(mutex_);
  Stats out = stats_;
  for (const auto& [number, segment] : segments_) {
    if (segment.gone) continue;
    out.bytes += segment.bytes;
    ++out.segments;
  }
  return out;
}

}  // namespace narthex::remote_write
