// SPDX-License-Identifier: Apache-2.0
// memory_size.hpp - how much memory the process may use: the machine's, or what its control group
// (a container, a systemd unit with MemoryMax) leaves of it.
#pragma once

#include <cstdint>
#include <string>

namespace narthex::runtime {

// Bytes; never 0.
std::uint64_t memory_limit_bytes();

// The same for files below another root than "/", for tests.
std::uint64_t memory_limit_bytes(const std::string& root, std::uint64_t physical_bytes);

}  // namespace narthex::runtime
