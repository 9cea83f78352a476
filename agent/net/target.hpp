// SPDX-License-Identifier: Apache-2.0
// target.hpp - the request target and urlencoded texts: percent decoding and pairs. Pure.
#pragma once

#include "net/http.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace narthex::net {

// A request target cut at its first '?'. Both parts are as sent; they look into the target.
struct SplitTarget {
  std::string_view path;
  std::string_view query;
};
SplitTarget split_target(std::string_view target);

// Decodes %XX, and '+' as a space when asked. Nothing when an escape is malformed.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

// Decodes `a=1&b=2`. As Go's FormValue, a pair with a bad escape or a ';' is left out.
Params parse_pairs(std::string_view text);

// Escapes everything but unreserved characters, a space as '+': what parse_pairs() reads.
std::string encode_pair_text(std::string_view text);

}  // namespace narthex::net
