// SPDX-License-Identifier: Apache-2.0
// number_text.hpp - numbers as the HTTP API writes them, into memory that is there: what
// sdk::append_number() says, for the millions of samples of an answer. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace narthex::api {

// More than the longest text of either function needs, since digits are copied in one piece.
inline constexpr std::size_t kNumberRoom = 56;

// Writes a sample value and returns the end of its text. REQUIRES: room for kNumberRoom bytes.
char* write_number(char* out, double value);

// Likewise seconds, with the three digits of the milliseconds when there are some: 1.100
char* write_timestamp(char* out, std::int64_t t_ms);

}  // namespace narthex::api
