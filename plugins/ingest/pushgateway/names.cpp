// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/names.hpp"

#include <narthex/sdk/exposition.hpp>
#include <narthex/sdk/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace narthex::ingest::pushgateway {
namespace {

bool is_plain(std::string_view name, bool colon) {
  return !name.empty() && sdk::is_name_start(name.front(), colon) &&
         std::all_of(name.begin(), name.end(),
                     [colon](char c) { return sdk::is_name_char(c, colon); });
}

// False for surrogates and beyond the last plane.
bool append_rune(std::string& out, std::uint32_t rune) {
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000)) return false;
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (rune < 0x80) {
    put(rune);
  } else if (rune < 0x800) {
    put(0xC0 | rune >> 6);
    put(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    put(0xE0 | rune >> 12);
    put(0x80 | (rune >> 6 & 0x3F));
    put(0x80 | (rune & 0x3F));
  } else {
    put(0xF0 | rune >> 18);
    put(0x80 | (rune >> 12 & 0x3F));
    put(0x80 | (rune >> 6 & 0x3F));
    put(0x80 | (rune & 0x3F));
  }
  return true;
}

}  // namespace

bool is_plain_metric_name(std::string_view name) { return is_plain(name, true); }
bool is_plain_label_name(std::string_view name) { return is_plain(name, false); }

bool is_metric_name(std::string_view name, NameRule rule) {
  return rule == NameRule::kPlain ? is_plain_metric_name(name)
                                  : !name.empty() && sdk::is_utf8(name);
}
bool is_label_name(std::string_view name, NameRule rule) {
  return rule == NameRule::kPlain ? is_plain_label_name(name) : !name.empty() && sdk::is_utf8(name);
}

std::string with_underscores(std::string_view name, bool colon) {
  std::string out;
  for (std::size_t at = 0; at < name.size();) {
    const bool plain =
        at == 0 ? sdk::is_name_start(name[at], colon) : sdk::is_name_char(name[at], colon);
    out += plain ? name[at] : '_';
    at += std::max<std::size_t>(sdk::utf8_character_size(name.substr(at)), 1);
  }
  return out;
}

std::string unescape_name(std::string_view name) {
  constexpr std::string_view kPrefix = "U__";
  constexpr std::size_t kDigitsMax = 6;
  if (!name.starts_with(kPrefix)) return std::string(name);
  std::string out;
  for (std::size_t at = kPrefix.size(); at < name.size(); ++at) {
    if (name[at] != '_') {
      out += name[at];
      continue;
    }
    const std::size_t end = name.find('_', at + 1);
    if (end == std::string_view::npos) return std::string(name);
    if (end == at + 1) {
      out += '_';
    } else {
      std::uint32_t rune = 0;
      const char* const last = name.data() + end;
      const auto [stop, error] = std::from_chars(name.data() + at + 1, last, rune, 16);
      if (end - at - 1 > kDigitsMax || error != std::errc() || stop != last ||
          !append_rune(out, rune)) {
        return std::string(name);
      }
    }
    at = end;
  }
  return out;
}

}  // namespace narthex::ingest::pushgateway
