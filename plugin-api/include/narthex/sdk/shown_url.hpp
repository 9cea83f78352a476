// SPDX-License-Identifier: Apache-2.0
// shown_url.hpp - URLs as logs, errors and pages may show them. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace narthex::sdk {

// The URL with `mask` for its password; what has none stays as it is. Also of a text that goes on
// behind the URL, as error messages do: only its first URL is looked at.
inline std::string shown_url(std::string_view url, std::string_view mask = "***") {
  std::string shown(url);
  const std::size_t begin = shown.find("://");
  if (begin == std::string::npos) return shown;
  const std::size_t end = std::min(shown.find_first_of("/?# \t\"'", begin + 3), shown.size());
  const std::size_t at = shown.rfind('@', end);
  if (at == std::string::npos || at < begin + 3) return shown;
  const std::size_t colon = shown.find(':', begin + 3);
  if (colon < at) shown.replace(colon + 1, at - colon - 1, mask);
  return shown;
}

}  // namespace narthex::sdk
