// SPDX-License-Identifier: Apache-2.0
// snappy_text.hpp - snappy blocks, with a bound on what comes out. Pure.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace narthex::blocks {

// A claim of more than max_bytes is refused before anything is allocated.
Status snappy_decompress(std::string_view packed, std::size_t max_bytes, std::string& out);
std::string snappy_compress(std::string_view text);

}  // namespace narthex::blocks
