// SPDX-License-Identifier: Apache-2.0
// replay.hpp - reads the whole log at a start, record by record, in the order of writing.
//
// Never fails for what it finds: a torn tail is left out, damage is stepped over, counted and told
// by place, and nothing is changed or deleted. It fails only where the folder cannot be listed.
// A record may have been appended without being acknowledged. Memory: 1 MiB and the largest record.
#pragma once

#include "storage/wal/format.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace narthex::storage::wal {

struct SegmentInfo {
  SegmentHeader header;
  std::string name;
};

struct Damage {
  Position at;
  std::uint64_t bytes = 0;
};

// What Log::open() needs to go on.
struct LogState {
  std::vector<SegmentInfo> segments;  // ascending
  Position end;                       // of the last record that can be read
};

struct ReplayReport {
  LogState state;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;          // read, of all segments
  std::uint64_t torn_bytes = 0;     // behind the last record of the last segment
  std::uint64_t damage_count = 0;   // unreadable stretches
  std::vector<Damage> damages;      // the first 100 of them
  std::uint64_t segments_lost = 0;  // could not be opened
  bool last_is_short = false;       // the newest segment has not even a header
};

struct ReplaySink {
  // A segment begins; where its header is damaged or it cannot be opened, what its name tells. May
  // be null.
  std::function<void(const SegmentHeader& header)> segment;
  // The payload is valid during the call.
  std::function<void(std::uint64_t segment, std::uint8_t type, ByteView payload)> record;
  std::function<void(std::uint64_t bytes_done, std::uint64_t bytes_total)> progress;  // may be null
};

fs::Result<ReplayReport> replay(fs::FileSystem& files, const std::string& folder,
                                const ReplaySink& sink);

}  // namespace narthex::storage::wal
