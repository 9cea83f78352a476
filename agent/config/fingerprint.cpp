// SPDX-License-Identifier: Apache-2.0
#include "config/fingerprint.hpp"

#include <narthex/sdk/value.hpp>

#include <bit>
#include <cstdint>

namespace narthex::config {

namespace {

std::uint64_t fnv1a(std::string_view text, std::uint64_t state) {
  for (const char c : text) {
    state ^= static_cast<unsigned char>(c);
    state *= 0x100000001b3ULL;
  }
  return state;
}

void append_hex(std::string& out, std::uint64_t bits) {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(bits >> shift) & 15];
}

void append_text(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

}  // namespace

std::string fingerprint_of(std::string_view text) {
  std::string out;
  append_hex(out, fnv1a(text, 0xcbf29ce484222325ULL));
  append_hex(out, fnv1a(text, 0x9e3779b97f4a7c15ULL));
  return out;
}

void append_canonical(std::string& out, const nx_value& value) {
  const sdk::Value node(&value);
  out += static_cast<char>('0' + value.type);
  switch (value.type) {
    case NX_STRING:
      append_text(out, node.get<std::string_view>());
      break;
    case NX_ARRAY:
      append_text(out, std::to_string(value.len));
      for (const nx_value& item : node.items()) append_canonical(out, item);
      break;
    case NX_TABLE:
      append_text(out, std::to_string(value.len));
      for (const nx_kv& entry : node.entries()) {
        append_text(out, view(entry.key));
        append_canonical(out, entry.value);
      }
      break;
    case NX_NULL:
      break;
    default:  // also floats: their bits
      append_text(out,
                  std::to_string(value.type == NX_FLOAT ? std::bit_cast<std::int64_t>(value.u.f)
                                                        : value.u.i));
  }
}

}  // namespace narthex::config
