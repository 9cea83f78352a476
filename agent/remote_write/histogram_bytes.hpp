// SPDX-License-Identifier: Apache-2.0
// histogram_bytes.hpp - a native histogram as bytes of the log, and back. Pure.
#pragma once

#include "remote_write/bytes.hpp"

#include <narthex/data.h>

#include <memory_resource>
#include <string>

namespace narthex::remote_write {

void put_histogram(std::string& out, const nx_histogram& h);
// Its arrays come from the given memory. What cannot be read leaves `in` not ok.
nx_histogram read_histogram(ByteReader& in, std::pmr::memory_resource& memory);

}  // namespace narthex::remote_write
