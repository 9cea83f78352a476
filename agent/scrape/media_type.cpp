// SPDX-License-Identifier: Apache-2.0
#include "scrape/media_type.hpp"

#include <algorithm>
#include <vector>

namespace narthex::scrape {
namespace {

constexpr std::string_view kBlank = " \t\r\n\v\f";
constexpr std::string_view kBadParameter = "mime: invalid media parameter";

std::string_view without_blanks_before(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}
std::string_view without_blanks(std::string_view text) {
  text = without_blanks_before(text);
  const std::size_t last = text.find_last_not_of(kBlank);
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}
std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

bool is_token_char(char c) {
  return c > ' ' && c < 127 &&
         std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}
// Takes a token off the front of the text; empty: there is none.
std::string_view take_token(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_token_char);
  const std::string_view token = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(token.size());
  return token;
}
// Takes a quoted string off the front; false: it is none, or never closed.
bool take_quoted(std::string_view& text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    if (text[i] == '\r' || text[i] == '\n') return false;
  }
  return false;
}

std::string_view type_problem(std::string_view type) {
  if (take_token(type).empty()) return "mime: no media type";
  if (type.empty()) return {};
  if (type.front() != '/') return "mime: expected slash after first token";
  type.remove_prefix(1);
  if (take_token(type).empty()) return "mime: expected token after slash";
  return type.empty() ? std::string_view() : "mime: unexpected content after media subtype";
}

// Takes "; name=value" off the front. Empty: it is none.
std::string take_parameter(std::string_view& text) {
  if (text.front() != ';') return {};
  text = without_blanks_before(text.substr(1));
  std::string name = lower(take_token(text));
  text = without_blanks_before(text);
  if (name.empty() || text.empty() || text.front() != '=') return {};
  text = without_blanks_before(text.substr(1));
  const bool quoted = !text.empty() && text.front() == '"';
  if (quoted ? !take_quoted(text) : take_token(text).empty()) return {};
  return name;
}

std::string_view parameters_problem(std::string_view text) {
  std::vector<std::string> names;
  while (!(text = without_blanks_before(text)).empty()) {
    if (without_blanks(text) == ";") return {};  // a semicolon at the end does no harm
    std::string name = take_parameter(text);
    if (name.empty()) return kBadParameter;
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return "mime: duplicate parameter name";
    }
    names.push_back(std::move(name));
  }
  return {};
}

}  // namespace

MediaType read_media_type(std::string_view content_type) {
  const std::size_t semicolon = std::min(content_type.find(';'), content_type.size());
  MediaType out{lower(without_blanks(content_type.substr(0, semicolon))), {}};
  out.problem = type_problem(out.type);
  if (out.problem.empty()) out.problem = parameters_problem(content_type.substr(semicolon));
  return out;
}

}  // namespace narthex::scrape
