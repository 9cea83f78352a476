// SPDX-License-Identifier: Apache-2.0
// options.hpp - what the tsdb backend can be told. Plain data.
#pragma once

#include <cstdint>
#include <string>

namespace narthex::storage::tsdb {

struct Options {
  std::string path = "data";
  std::string fsync = "interval";                    // always, interval or never
  std::int64_t head_bytes = std::int64_t{96} << 20;  // of samples in memory: more are flushed
  std::int64_t page_cache_bytes = std::int64_t{32} << 20;
  std::int64_t max_exemplars = 100'000;
  std::string check;  // verify, repair or analyze: the folder is looked at instead of opened
};

}  // namespace narthex::storage::tsdb
