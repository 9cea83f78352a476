// SPDX-License-Identifier: Apache-2.0
#include "net/url.hpp"

#include "net/request_head.hpp"

#include <algorithm>
#include <utility>

namespace narthex::net {
namespace {

int default_port(std::string_view scheme) {
  if (scheme == "http") return 80;
  if (scheme == "https") return 443;
  return 0;
}

bool scheme_bytes(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
  });
}

// The length of the "scheme" in "scheme:rest", 0 for a relative reference.
std::size_t scheme_size(std::string_view text) {
  const std::size_t colon = text.find_first_of(":/?#");
  if (colon == std::string_view::npos || text[colon] != ':') return 0;
  return scheme_bytes(text.substr(0, colon)) ? colon : 0;
}

Status split_authority(std::string_view text, Url& url) {
  const std::size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    url.user_info = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  url.authority = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return invalid_argument("missing ']' in host");
    url.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':') return invalid_argument("invalid host");
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    url.host = text.substr(0, colon);
    port = text.substr(colon);
  }
  url.port = default_port(url.scheme);
  if (port.size() > 1) {
    std::uint64_t number = 0;
    if (!parse_length(port.substr(1), number) || number > 65535) {
      return invalid_argument("invalid port \"" + std::string(port) + "\" after host");
    }
    url.port = static_cast<int>(number);
  }
  const bool clean = std::none_of(url.host.begin(), url.host.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '"' || c == '<' || c == '>';
  });
  if (!clean) return invalid_argument("invalid character in host name");
  return {};
}

// Bytes that would end the request line are escaped, the rest is left as written.
std::string clean_target(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string target;
  if (text.empty() || text.front() == '?') target = "/";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) {
      target += {'%', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      target += c;
    }
  }
  return target;
}

// Removes "." and ".." segments of an absolute path.
std::string remove_dots(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment == "..") {
      result.resize(result.empty() ? 0 : result.rfind('/'));
      if (path.empty()) result += '/';
    } else if (segment == ".") {
      if (path.empty()) result += '/';
    } else {
      result.append("/").append(segment);
    }
  }
  return result.empty() ? "/" : result;
}

}  // namespace

std::string Url::text() const {
  std::string shown = scheme + "://";
  if (!user_info.empty()) {
    const std::size_t colon = user_info.find(':');
    shown += user_info.substr(0, colon);
    if (colon != std::string::npos) shown += ":***";
    shown += "@";
  }
  return shown + authority + target;
}

Result<Url> parse_url(std::string_view text) {
  const auto failed = [&](const std::string& why) {
    return invalid_argument("invalid URL: " + why);
  };
  text = text.substr(0, text.find('#'));
  const std::size_t scheme = scheme_size(text);
  if (scheme == 0) return failed("no scheme");
  Url url;
  url.scheme = lower(text.substr(0, scheme));
  text.remove_prefix(scheme + 1);
  if (!text.starts_with("//")) return failed("no host");
  text.remove_prefix(2);
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  const Status status = split_authority(text.substr(0, end), url);
  if (!status.ok()) return failed(status.message());
  if (url.host.empty() && url.port != 0) return failed("no host");
  url.target = clean_target(text.substr(end));
  return url;
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  if (scheme_size(reference) != 0) return parse_url(reference);
  if (reference.starts_with("//")) return parse_url(base.scheme + ":" + std::string(reference));
  Url url = base;
  if (reference.empty()) return url;
  const std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
  const std::size_t mark = std::min(reference.find('?'), reference.size());
  const std::string_view path = reference.substr(0, mark);
  std::string target;
  if (path.empty()) {
    target = base_path;
  } else if (path.front() == '/') {
    target = remove_dots(path);
  } else {
    target = remove_dots(std::string(base_path.substr(0, base_path.rfind('/') + 1)).append(path));
  }
  url.target = clean_target(target.append(reference.substr(mark)));
  return url;
}

bool same_place(const Url& from, const Url& to) {
  if (lower(from.host) != lower(to.host)) return false;
  if (from.scheme == to.scheme) return from.port == to.port;
  return from.scheme == "http" && to.scheme == "https" && from.port == 80 && to.port == 443;
}

}  // namespace narthex::net
