// SPDX-License-Identifier: Apache-2.0
// segment_reader.hpp - the records of one segment, in order; damage is stepped over and told.
//
// A reader needs nothing but its own segment, so segments may be read in parallel. Memory: 1 MiB
// and the largest record. Used by one thread at a time.
#pragma once

#include "storage/wal/format.hpp"

#include <cstdint>
#include <functional>

namespace narthex::storage::wal {

class SegmentReader {
 public:
  // Told of bytes [offset, offset + bytes) that hold no readable record although records follow.
  using OnDamage = std::function<void(std::uint64_t offset, std::uint64_t bytes)>;

  // Reads up to `limit` bytes of the file, or to its end. The file outlives the reader.
  SegmentReader(const fs::ReadableFile& file, std::uint32_t salt, std::uint64_t limit,
                OnDamage on_damage);

  // The next whole record, valid until the next call; false at the end.
  bool next(std::uint8_t& type, ByteView& payload);
  // Where the last record that was read ends: after next() has answered false, where the readable
  // part ends. What follows is a torn tail, or damage where the writer says that it wrote more.
  std::uint64_t end() const { return end_; }
  std::uint64_t offset() const { return block_ + at_; }

 private:
  bool load_block();
  void step_over(std::uint64_t from, std::uint64_t to);
  void resynchronise();
  // Takes a good frame; true when it completes a record.
  bool take(const Frame& frame, std::uint64_t offset, std::uint8_t& type, ByteView& payload);
  void complete(std::uint64_t first);

  const fs::ReadableFile& file_;
  const std::uint32_t salt_;
  const std::uint64_t limit_;
  const OnDamage on_damage_;
  Bytes buffer_;  // holds buffer_bytes_ bytes of the file from buffer_at_
  std::uint64_t buffer_at_ = 0;
  std::uint64_t buffer_bytes_ = 0;
  std::uint64_t block_ = 0;        // offset of the current block
  std::uint64_t at_ = 0;           // within the block
  std::uint64_t block_bytes_ = 0;  // of it that exist
  bool started_ = false;
  Bytes parts_;  // of a record in several fragments
  std::uint64_t parts_at_ = 0;
  std::uint8_t parts_type_ = 0;  // 0: none
  std::uint64_t end_ = kSegmentHeaderBytes;
  std::uint64_t lost_from_ = 0;  // pending damage [lost_from_, lost_to_); empty: none
  std::uint64_t lost_to_ = 0;
};

}  // namespace narthex::storage::wal
