// SPDX-License-Identifier: Apache-2.0
// utf8.hpp - whether bytes are valid UTF-8: no overlong forms, no surrogates, at most U+10FFFF.
// Pure.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace narthex::ingest::remote_write {

inline bool is_utf8(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto byte = [](char c) { return static_cast<unsigned char>(c); };
  while (at != end) {
    // Eight ASCII characters at once: that is what labels are made of.
    std::uint64_t word = 0;
    if (end - at >= 8) {
      std::memcpy(&word, at, 8);
      if ((word & 0x8080808080808080u) == 0) {
        at += 8;
        continue;
      }
    }
    const unsigned lead = byte(*at);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || end - at <= more) return false;
    const unsigned second = byte(at[1]);
    const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < low || second > high) return false;
    for (int i = 2; i <= more; ++i) {
      if ((byte(at[i]) & 0xC0) != 0x80) return false;
    }
    at += more + 1;
  }
  return true;
}

}  // namespace narthex::ingest::remote_write
