// SPDX-License-Identifier: Apache-2.0
// md5.hpp - the MD5 hash (RFC 1321) of short texts, for the hashmod action. It keeps nothing
// secret; a hundred lines here save loading a cryptography library. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace narthex::relabel {

std::array<std::uint8_t, 16> md5(std::string_view text);

}  // namespace narthex::relabel
