// SPDX-License-Identifier: Apache-2.0
// schema_formats.cpp - options that are written as text with a meaning.
#include "host/schema_apply.hpp"
#include "regex/regex.hpp"

#include <narthex/sdk/value.hpp>

#include <charconv>
#include <filesystem>
#include <limits>

namespace narthex::host {
namespace {

Result<nx_value> duration(std::string_view text, sdk::TreeArena& arena) {
  Result<std::int64_t> ms = document::parse_duration_ms(text);
  if (!ms.ok()) return invalid_config("is not a duration: " + ms.status().message());
  return arena.integer(*ms);
}

Result<nx_value> bytes(std::string_view text, sdk::TreeArena& arena) {
  Result<std::uint64_t> size = document::parse_bytes(text);
  if (!size.ok()) return invalid_config("is not a size: " + size.status().message());
  if (*size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return invalid_config("is too large a size");
  }
  return arena.integer(static_cast<std::int64_t>(*size));
}

Result<nx_value> expression(std::string_view text, sdk::TreeArena& arena) {
  Result<regex::Regex> compiled = regex::Regex::compile(text);
  if (!compiled.ok()) return invalid_config("is not a regex: " + compiled.status().message());
  return arena.string(text);
}

Result<nx_value> path(std::string_view text, const std::string& folder, sdk::TreeArena& arena) {
  const std::filesystem::path given(text);
  if (text.empty() || given.is_absolute() || folder.empty()) return arena.string(text);
  return arena.string((std::filesystem::path(folder) / given).lexically_normal().string());
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port <= 65535;
}

Result<nx_value> url(std::string_view text, sdk::TreeArena& arena) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) {
    return invalid_config("is not a URL: it needs a scheme, as in http://host/");
  }
  const std::string_view rest = text.substr(scheme + 3);
  if (rest.empty() || rest.front() == '/' || text.find_first_of(" \t\r\n") != text.npos) {
    return invalid_config("is not a URL: it needs a host and has no blanks");
  }
  return arena.string(text);
}

Result<nx_value> host_port(std::string_view text, sdk::TreeArena& arena) {
  const std::size_t colon = text.rfind(':');
  const bool inside_brackets = text.ends_with(']');
  if (colon == std::string_view::npos || inside_brackets || !is_port(text.substr(colon + 1))) {
    return invalid_config("must be host:port with a port up to 65535");
  }
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (!bracketed && host.find_first_of(":[] ") != std::string_view::npos) {
    return invalid_config("must be host:port; an IPv6 address stands in brackets");
  }
  return arena.string(text);
}

}  // namespace

Result<nx_value> convert_format(OptionFormat format, std::string_view text,
                                const std::string& folder, sdk::TreeArena& arena) {
  switch (format) {
    case OptionFormat::kDuration:
      return duration(text, arena);
    case OptionFormat::kBytes:
      return bytes(text, arena);
    case OptionFormat::kRegex:
      return expression(text, arena);
    case OptionFormat::kPath:
      return path(text, folder, arena);
    case OptionFormat::kUrl:
      return url(text, arena);
    case OptionFormat::kHostPort:
      return host_port(text, arena);
    case OptionFormat::kSecret: {
      nx_value secret = arena.string(text);
      secret.flags = NX_VALUE_SECRET;
      return secret;
    }
    case OptionFormat::kNone:
      break;
  }
  return arena.string(text);
}

}  // namespace narthex::host
