// SPDX-License-Identifier: Apache-2.0
// segment_writer.hpp - one segment file that is written: begun whole under its final name, or not.
#pragma once

#include "storage/wal/format.hpp"

#include <memory>
#include <string>

namespace narthex::storage::wal {

struct PlainRecord {
  std::uint8_t type = 0;
  Bytes payload;
};

// Used by the holder of the log's I/O token; sync() may run beside append().
class SegmentWriter {
 public:
  struct Start {
    std::uint64_t allocate_bytes = 0;
    ByteView content;   // frames that follow the header
    bool sync = false;  // file and folder, before it counts
  };
  // Written under a temporary name and renamed; removed again where a step fails.
  static fs::Result<std::shared_ptr<SegmentWriter>> create(fs::FileSystem& files,
                                                           const std::string& folder,
                                                           const SegmentHeader& header,
                                                           const Start& start);

  const SegmentHeader& header() const { return header_; }
  std::uint64_t size() const { return size_; }
  fs::Status append(ByteView frames);
  fs::Status sync() { return file_->sync(); }
  // Gives up what was allocated ahead, and what a failed write left.
  void finish() { (void)file_->truncate(size_); }

 private:
  SegmentWriter(const SegmentHeader& header, std::unique_ptr<fs::AppendFile> file)
      : header_(header), file_(std::move(file)) {}

  const SegmentHeader header_;
  const std::unique_ptr<fs::AppendFile> file_;
  std::uint64_t size_ = 0;  // written well
};

}  // namespace narthex::storage::wal
