// SPDX-License-Identifier: Apache-2.0
// recovery_teller.hpp - tells the world how far a recovery is: its listener at most every 100 ms,
// the log each second. One thread.
#pragma once

#include "storage/tsdb/files.hpp"
#include "storage/wal/replay.hpp"

#include <cstdint>
#include <string>

namespace narthex::storage::tsdb {

class RecoveryTeller {
 public:
  // `folder`: the log's. The world outlives it.
  RecoveryTeller(const Surroundings& world, const std::string& folder);

  // The same sink, listened to; this outlives it.
  wal::ReplaySink listen_to(wal::ReplaySink sink);
  void done();

 private:
  void at_segment(std::uint64_t number);
  void at_bytes(std::uint64_t done, std::uint64_t total);
  void tell();

  const Surroundings& world_;
  RecoveryProgress progress_;
  std::int64_t told_ns_ = 0;
  std::int64_t logged_ns_ = 0;
};

}  // namespace narthex::storage::tsdb
