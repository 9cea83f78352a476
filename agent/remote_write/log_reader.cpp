// SPDX-License-Identifier: Apache-2.0
#include "remote_write/log_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace narthex::remote_write {
namespace {

bool read_at(int file, std::uint64_t offset, char* out, std::size_t size) {
  while (size != 0) {
    const ssize_t count = ::pread(file, out, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    out += count;
    offset += static_cast<std::uint64_t>(count);
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

LogReader::~LogReader() {
  if (file_ >= 0) ::close(file_);
}

std::uint64_t LogReader::take_lost_rows() { return std::exchange(lost_rows_, 0); }

// Opens the segment that next_ is in, or the first after it that is there.
bool LogReader::open_segment() {
  const std::uint32_t found = log_.first_from(next_.segment);
  if (found == 0) return false;
  if (found != next_.segment) {
    lost_rows_ += log_.rows_between(next_, {found, 0});
    next_ = wanted_ = {found, 0};
  }
  file_ = ::open(log_.path_of(found).c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) {
    if (found >= log_.tail().segment) return false;  // not begun yet
    lost_rows_ += log_.rows_between(next_, {found + 1, 0});
    next_ = wanted_ = {found + 1, 0};
    return open_segment();
  }
  open_ = found;
  offset_ = kSegmentMark.size();
  next_.row = 0;
  fresh_ = true;
  return true;
}

// The end of a segment that is not written to any more. False: there is no other yet.
bool LogReader::leave_segment() {
  const std::uint32_t following = log_.first_from(open_ + 1);
  if (following == 0) return false;
  if (wanted_.segment == open_ && wanted_.row > next_.row) next_.row = wanted_.row;
  // Of rows behind damage, only the number is known.
  lost_rows_ += log_.rows_between(next_, {open_ + 1, 0});
  if (following != open_ + 1) lost_rows_ += log_.rows_between({open_ + 1, 0}, {following, 0});
  ::close(file_);
  file_ = -1;
  next_ = {following, 0};
  return true;
}

LogReader::Step LogReader::next() {
  for (;;) {
    if (file_ < 0 && !open_segment()) return {};
    const QueueLog::Tail tail = log_.tail();
    const std::uint64_t end = open_ == tail.segment ? tail.bytes : log_.bytes_of(open_);
    if (offset_ + Frame::kHeadBytes <= end) {
      Step step = read_frame(end);
      if (step.frame != nullptr) return step;
    } else if (open_ == tail.segment || !leave_segment()) {
      return {};
    }
  }
}

// The next frame. None: it is damaged, and what of it could not be read is behind us.
LogReader::Step LogReader::read_frame(std::uint64_t end) {
  char head_bytes[Frame::kHeadBytes];
  Frame::Head head;
  if (!read_at(file_, offset_, head_bytes, sizeof head_bytes) ||
      !Frame::read_head({head_bytes, sizeof head_bytes}, head) ||
      offset_ + sizeof head_bytes + head.payload_bytes > end) {
    // Nobody knows where the next one begins.
    ++damaged_frames_;
    offset_ = end;
    return {};
  }
  std::string payload(head.payload_bytes, '\0');
  auto frame = std::make_shared<Frame>();
  const bool good = read_at(file_, offset_ + sizeof head_bytes, payload.data(), payload.size()) &&
                    frame->decode(head, payload).ok();
  offset_ += sizeof head_bytes + head.payload_bytes;
  Step step;
  step.first = next_;
  if (wanted_.segment == open_ && wanted_.row > next_.row) {
    step.skip = std::min(wanted_.row - next_.row, head.rows);
  }
  next_.row += head.rows;
  if (!good) {
    ++damaged_frames_;
    lost_rows_ += head.rows - step.skip;
    return {};
  }
  step.new_segment = std::exchange(fresh_, false);
  step.frame = std::move(frame);
  return step;
}

}  // namespace narthex::remote_write
