// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/selector_text.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <cstdlib>

namespace narthex::storage::remote {
namespace {

constexpr std::string_view kOperators[] = {"=", "!=", "=~", "!~"};
// The year 292277; nobody's clock gets there.
constexpr std::int64_t kFarMs = INT64_MAX / 1000;

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (c >= '0' && c <= '9' && &c != name.data());
  }) && !(name.front() >= '0' && name.front() <= '9');
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

std::string seconds_text(std::int64_t ms) {
  const std::int64_t whole = std::abs(ms);
  std::string text = (ms < 0 ? "-" : "") + std::to_string(whole / 1000);
  const std::string fraction = std::to_string(1000 + whole % 1000);
  return text + '.' + fraction.substr(1);
}

}  // namespace

std::string selector_text(sdk::Matchers matchers) {
  std::string out = "{";
  for (const nx_matcher* m : matchers) {
    if (out.size() > 1) out += ',';
    is_plain_name(view(m->name)) ? void(out += view(m->name)) : append_quoted(out, view(m->name));
    out += kOperators[m->op & 3];
    append_quoted(out, view(m->value));
  }
  return out + '}';
}

void add_param(std::string& form, std::string_view name, std::string_view value) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  const auto encode = [&](std::string_view text) {
    for (const char c : text) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
      if (plain) {
        form += c;
      } else {
        ((form += '%') += kDigits[static_cast<unsigned char>(c) >> 4]) += kDigits[c & 15];
      }
    }
  };
  if (!form.empty()) form += '&';
  encode(name);
  form += '=';
  encode(value);
}

void add_range(std::string& form, std::int64_t min_t, std::int64_t max_t) {
  if (min_t > -kFarMs) add_param(form, "start", seconds_text(min_t));
  if (max_t < kFarMs) add_param(form, "end", seconds_text(max_t));
}

}  // namespace narthex::storage::remote
