// SPDX-License-Identifier: Apache-2.0
// meta.hpp - meta.json of a block: what it is, and from when to when. A value type.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::blocks {

struct BlockMeta {
  std::string ulid;
  std::int64_t min_t = 0;  // of its first sample or earlier
  std::int64_t max_t = 0;  // exclusive
  std::uint64_t samples = 0, float_samples = 0, histogram_samples = 0;
  std::uint64_t series = 0, chunks = 0, tombstones = 0;
  int level = 1;
  std::vector<std::string> sources;
  std::vector<std::string> hints;  // "from-out-of-order"

  bool out_of_order() const;
};

// `name` is the file, for messages.
Result<BlockMeta> parse_meta(std::string_view name, std::string_view json);
std::string to_json(const BlockMeta& meta);

// A ULID: 48 bits of milliseconds and 80 random bits in Crockford's base 32, 26 characters. Of two
// made one after the other for one time, the later one sorts later.
std::string make_ulid(std::int64_t now_ms, std::uint64_t random_high, std::uint64_t random_low);
bool is_ulid(std::string_view text);

}  // namespace narthex::blocks
