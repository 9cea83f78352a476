// SPDX-License-Identifier: Apache-2.0
// options.hpp - what the remote read server can be told: --storage.remote.read-*. Plain data.
#pragma once

#include <cstdint>

namespace narthex::remote_read {

struct ReadLimits {
  std::uint64_t samples_max = 50'000'000;   // of one query of a sampled answer; 0: unlimited
  std::uint64_t concurrent_max = 10;        // reads at work at once; 0: unlimited
  std::uint64_t frame_bytes_max = 1 << 20;  // of a streamed answer, give or take a chunk
  friend bool operator==(const ReadLimits&, const ReadLimits&) = default;
};

}  // namespace narthex::remote_read
