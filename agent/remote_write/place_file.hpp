// SPDX-License-Identifier: Apache-2.0
// place_file.hpp - what a destination has behind it, in a file that outlives a kill: for each shard
// up to where everything was acknowledged, and how far the request under way reached. Two slots are
// written in turn, each with a checksum, so that a torn write leaves the one before. One thread.
#pragma once

#include "remote_write/place.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::remote_write {

struct ShardPlace {
  Place acked;    // every row of the shard before it
  Place sending;  // end of the request that was under way; nothing before `acked` means anything
  friend bool operator==(const ShardPlace&, const ShardPlace&) = default;
};

class PlaceFile {
 public:
  static constexpr std::size_t kShardsMax = 1'000;

  explicit PlaceFile(std::string path) : path_(std::move(path)) {}
  ~PlaceFile();
  PlaceFile(const PlaceFile&) = delete;
  PlaceFile& operator=(const PlaceFile&) = delete;

  // Makes the file where it is missing. The newest whole slot; empty: there is none.
  Result<std::vector<ShardPlace>> open();
  // REQUIRES: at most kShardsMax shards.
  Status save(const std::vector<ShardPlace>& shards);

 private:
  const std::string path_;
  int file_ = -1;
  std::uint64_t turn_ = 0;
};

}  // namespace narthex::remote_write
