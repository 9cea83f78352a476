// SPDX-License-Identifier: Apache-2.0
// bodies.hpp - bytes for parsers and receivers: well-formed bodies of the common formats, those of
// a folder, and mutations of both. Pure but for reading the folder.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::check {

// The files of `folder` (empty: none) first, then the kit's own.
std::vector<std::string> known_bodies(const std::string& folder);
// One of them with bytes changed, removed, repeated, or cut off.
std::string mutated(const std::vector<std::string>& bodies, std::mt19937_64& random);

}  // namespace narthex::check
