// SPDX-License-Identifier: Apache-2.0
// shard.hpp - the rows of some of a destination's series, in order, and the one request that is
// under way for them. Pure bookkeeping; lives on the destination's strand.
//
//   rows:  [ request under way | waiting ............ ]
//   After a restart, rows up to resume_to make one request again, as they did before the kill.
#pragma once

#include "remote_write/message.hpp"
#include "remote_write/place.hpp"
#include "remote_write/place_file.hpp"

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace narthex::remote_write {

class Shard {
 public:
  // What the shard had behind it before.
  explicit Shard(const ShardPlace& before = {})
      : acked_(before.acked), resume_to_(before.sending) {}

  // A row at a place after all others; one that was acknowledged before is left out.
  void put(OutRow row, Place place, std::int64_t now_ns);
  std::size_t size() const { return rows_.size(); }
  const RowCounts& counts() const { return counts_; }  // of all rows that are not behind us
  bool is_sending() const { return sending_ != 0; }

  // How many rows the next request has: 0 while it is not time. `read_to` is where the log was read
  // to; a batch is due when it is full or its first row has waited for deadline_ns.
  std::size_t due(Place read_to, std::size_t rows_max, std::int64_t now_ns,
                  std::int64_t deadline_ns) const;
  // When due() may be asked again for want of rows; INT64_MAX: no row waits.
  std::int64_t due_at_ns(std::int64_t deadline_ns) const;

  // Begins a request of `count` rows.
  // REQUIRES: none is under way.
  std::span<const OutRow> begin(std::size_t count);
  std::span<const OutRow> sending() const { return batch_; }
  // Ends it: its rows are behind us, whatever became of them.
  void end();

  // The log was read to where this shard had been before.
  bool knows_past(Place read_to) const { return read_to >= acked_ && read_to >= resume_to_; }
  bool is_empty(Place read_to) const { return rows_.empty() && knows_past(read_to); }

  // To be remembered: everything of this shard before it is done.
  ShardPlace place(Place read_to) const;

 private:
  struct Waiting {
    OutRow row;
    Place place;
    std::int64_t since_ns;
  };
  std::deque<Waiting> rows_;
  RowCounts counts_;
  std::vector<OutRow> batch_;
  std::size_t sending_ = 0;  // rows at the front
  Place acked_;
  Place resume_to_;
};

}  // namespace narthex::remote_write
