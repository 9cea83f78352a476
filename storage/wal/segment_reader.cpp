// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/segment_reader.hpp"

#include <algorithm>

namespace narthex::storage::wal {
namespace {

constexpr std::uint64_t kReadBytes = 32 * kBlockBytes;

}  // namespace

SegmentReader::SegmentReader(const fs::ReadableFile& file, std::uint32_t salt, std::uint64_t limit,
                             OnDamage on_damage)
    : file_(file), salt_(salt), limit_(limit), on_damage_(std::move(on_damage)) {}

bool SegmentReader::load_block() {
  block_ = started_ ? block_ + kBlockBytes : 0;
  at_ = started_ ? 0 : kSegmentHeaderBytes;
  started_ = true;
  block_bytes_ = 0;
  if (block_ >= limit_) return false;
  if (block_ >= buffer_at_ + buffer_bytes_ || buffer_bytes_ == 0) {
    buffer_.resize(kReadBytes);
    buffer_at_ = block_;
    const std::span<std::uint8_t> wanted =
        std::span(buffer_).first(std::min(kReadBytes, limit_ - block_));
    auto got = file_.read_at(block_, wanted);
    if (!got.ok()) {
      // A sector that cannot be read is damage of its block only.
      got = file_.read_at(block_, wanted.first(std::min<std::size_t>(wanted.size(), kBlockBytes)));
      const auto size = file_.size();
      const std::uint64_t bytes = size.ok() ? std::min(*size, limit_) : limit_;
      if (!got.ok() && block_ < bytes) {
        step_over(block_, std::min(block_ + kBlockBytes, bytes));
        buffer_bytes_ = 0;
        at_ = 0;
        return true;
      }
    }
    buffer_bytes_ = got.ok() ? *got : 0;
  }
  const std::uint64_t within = block_ - buffer_at_;
  block_bytes_ = within < buffer_bytes_ ? std::min(buffer_bytes_ - within, kBlockBytes) : 0;
  return block_bytes_ > 0;
}

void SegmentReader::step_over(std::uint64_t from, std::uint64_t to) {
  // The fragments before the damage are lost with it.
  if (parts_type_ != 0) from = std::min(from, parts_at_);
  parts_type_ = 0;
  if (lost_to_ == 0) lost_from_ = from;
  lost_to_ = to;
}

void SegmentReader::resynchronise() {
  const std::uint64_t from = block_ + at_;
  const ByteView block = ByteView(buffer_).subspan(block_ - buffer_at_, block_bytes_);
  Frame frame;
  for (++at_; at_ + kFrameHeaderBytes <= block_bytes_; ++at_) {
    if (read_frame(block.subspan(at_), block_ + at_, salt_, frame) == FrameState::kGood) break;
  }
  if (at_ + kFrameHeaderBytes > block_bytes_) at_ = block_bytes_;
  step_over(from, block_ + at_);
}

void SegmentReader::complete(std::uint64_t first) {
  if (lost_to_ != 0) on_damage_(lost_from_, std::max(lost_to_, first) - lost_from_);
  lost_to_ = 0;
}

bool SegmentReader::take(const Frame& frame, std::uint64_t offset, std::uint8_t& type,
                         ByteView& payload) {
  const std::uint64_t after = offset + kFrameHeaderBytes + frame.payload.size();
  const bool begins = frame.fragment == Fragment::kFull || frame.fragment == Fragment::kFirst;
  if (begins && parts_type_ != 0) step_over(parts_at_, offset);
  if (!begins && (parts_type_ != frame.type || parts_.size() > kRecordBytesMax)) {
    step_over(offset, after);
    return false;
  }
  type = frame.type;
  if (frame.fragment == Fragment::kFull) {
    complete(offset);
    payload = frame.payload;
    end_ = after;
    return true;
  }
  if (begins) {
    parts_.clear();
    parts_at_ = offset;
    parts_type_ = frame.type;
  }
  parts_.insert(parts_.end(), frame.payload.begin(), frame.payload.end());
  if (frame.fragment != Fragment::kLast) return false;
  complete(parts_at_);
  parts_type_ = 0;
  payload = parts_;
  end_ = after;
  return true;
}

bool SegmentReader::next(std::uint8_t& type, ByteView& payload) {
  for (;;) {
    if (at_ + kFrameHeaderBytes >= kBlockBytes || at_ >= block_bytes_) {
      // Fewer bytes than a frame needs are padding where the block is whole.
      if (started_ && block_bytes_ != 0 && block_bytes_ < kBlockBytes) return false;
      if (!load_block()) return false;
      if (block_bytes_ == 0) continue;
      if (at_ >= block_bytes_) return false;
    }
    const std::uint64_t offset = block_ + at_;
    const ByteView rest = ByteView(buffer_).subspan(offset - buffer_at_, block_bytes_ - at_);
    Frame frame;
    const FrameState state = read_frame(rest, offset, salt_, frame);
    if (state == FrameState::kBadHeader) {
      resynchronise();
      continue;
    }
    at_ += kFrameHeaderBytes + frame.payload.size();
    if (state == FrameState::kBadPayload) {
      step_over(offset, block_ + at_);
    } else if (take(frame, offset, type, payload)) {
      return true;
    }
  }
}

}  // namespace narthex::storage::wal
