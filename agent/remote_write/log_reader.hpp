// SPDX-License-Identifier: Apache-2.0
// log_reader.hpp - reads the log frame by frame from a place on. Series are given from the start of
// the segment that the place is in, since its rows refer to them. Used by one thread at a time.
#pragma once

#include "remote_write/frame.hpp"
#include "remote_write/place.hpp"
#include "remote_write/queue_log.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

namespace narthex::remote_write {

class LogReader {
 public:
  // The log outlives the reader.
  LogReader(const QueueLog& log, Place from) : log_(log), next_(from), wanted_(from) {}
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  struct Step {
    std::shared_ptr<const Frame> frame;  // null: there is no more at present
    Place first;                         // of its rows
    std::uint32_t skip = 0;              // rows at its start that lie before the place asked for
    bool new_segment = false;            // numbers of series mean others than before
  };
  Step next();

  // Where the next row is read from.
  Place place() const { return std::max(next_, wanted_); }
  // Rows that were gone, or damaged, before they could be read; since the last call.
  std::uint64_t take_lost_rows();
  std::uint64_t damaged_frames() const { return damaged_frames_; }

 private:
  bool open_segment();
  bool leave_segment();
  Step read_frame(std::uint64_t end);

  const QueueLog& log_;
  Place next_;
  Place wanted_;
  int file_ = -1;
  std::uint32_t open_ = 0;  // the segment of file_
  std::uint64_t offset_ = 0;
  bool fresh_ = false;  // nothing read of it yet
  std::uint64_t lost_rows_ = 0;
  std::uint64_t damaged_frames_ = 0;
};

}  // namespace narthex::remote_write
