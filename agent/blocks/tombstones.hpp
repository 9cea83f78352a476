// SPDX-License-Identifier: Apache-2.0
// tombstones.hpp - which times of which series were deleted. Filled first, then read by many.
#pragma once

#include "blocks/samples.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::blocks {

class Tombstones {
 public:
  // Both inclusive.
  struct Interval {
    std::int64_t min_t, max_t;
  };
  void add(std::uint64_t series, Interval interval) { deleted_[series].push_back(interval); }
  bool empty() const { return deleted_.empty(); }
  // Null: nothing of it was deleted.
  const std::vector<Interval>* of(std::uint64_t series) const {
    if (deleted_.empty()) return nullptr;
    const auto at = deleted_.find(series);
    return at == deleted_.end() ? nullptr : &at->second;
  }
  bool covers(std::uint64_t series, std::int64_t t) const;

  // A file of a block.
  static Result<Tombstones> parse(std::string_view bytes);

 private:
  std::unordered_map<std::uint64_t, std::vector<Interval>> deleted_;
};

// The file of a block in which nothing is deleted.
std::string empty_tombstones();

}  // namespace narthex::blocks
