// SPDX-License-Identifier: Apache-2.0
// text.hpp - between std::string_view and the ABI's nx_str. Views only; nobody owns anything here.
#pragma once

#include <narthex/plugin.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace narthex {

constexpr nx_str to_nx(std::string_view text) noexcept { return {text.data(), text.size()}; }
constexpr nx_bytes to_nx_bytes(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

constexpr std::string_view view(nx_str text) noexcept {
  return text.len != 0 ? std::string_view(text.ptr, text.len) : std::string_view();
}
inline std::string_view view(nx_bytes bytes) noexcept {
  return bytes.len != 0 ? std::string_view(static_cast<const char*>(bytes.ptr), bytes.len)
                        : std::string_view();
}
inline std::string_view view(const nx_buffer& buffer) noexcept {
  return {static_cast<const char*>(buffer.data), buffer.size};
}

}  // namespace narthex
