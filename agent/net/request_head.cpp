// SPDX-License-Identifier: Apache-2.0
#include "net/request_head.hpp"

#include <algorithm>
#include <array>

namespace narthex::net {
namespace {

constexpr std::array<bool, 256> kTokenBytes = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool token_byte(char c) { return kTokenBytes[static_cast<unsigned char>(c)]; }

char lower_byte(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equals_lower(std::string_view text, std::string_view lower_text) {
  return text.size() == lower_text.size() &&
         std::equal(text.begin(), text.end(), lower_text.begin(),
                    [](char a, char b) { return lower_byte(a) == b; });
}

// Any byte but controls; a tab may stand in a value.
bool value_bytes(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
  });
}

bool target_bytes(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
}

constexpr std::string_view kMethods[] = {"GET",    "HEAD",  "POST",    "PUT",
                                         "DELETE", "PATCH", "OPTIONS", "TRACE"};

Refusal check_method(std::string_view method) {
  if (!is_token(method)) return {400, "malformed method"};
  if (method == "CONNECT") return {405, "this server is no proxy"};
  if (std::find(std::begin(kMethods), std::end(kMethods), method) == std::end(kMethods)) {
    return {501, "unknown method"};
  }
  return {};
}

Refusal read_version(std::string_view version, bool& http_1_0) {
  http_1_0 = version == "HTTP/1.0";
  if (http_1_0 || version == "HTTP/1.1") return {};
  const bool shaped = version.size() == 8 && version.substr(0, 5) == "HTTP/" && version[6] == '.';
  if (!shaped) return {400, "malformed HTTP version"};
  return {505, "HTTP version not supported"};
}

bool well_escaped(std::string_view path) {
  const auto hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  for (std::size_t i = path.find('%'); i != std::string_view::npos; i = path.find('%', i + 1)) {
    if (i + 2 >= path.size() || !hex(path[i + 1]) || !hex(path[i + 2])) return false;
  }
  return true;
}

// Leaves the path and query of the target: clients of proxies send http://host/path.
Refusal read_target(std::string_view target, std::string_view method, std::string& out) {
  if (!target_bytes(target)) return {400, "malformed request target"};
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equals_lower(target.substr(0, scheme.size()), scheme)) continue;
    const std::size_t path = target.find_first_of("/?", scheme.size());
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    if (target.front() == '?') {
      out = "/" + std::string(target);
      return {};
    }
    break;
  }
  if (!well_escaped(target.substr(0, target.find('?')))) return {400, "malformed request target"};
  const bool whole_server = target == "*" && method == "OPTIONS";
  if (!whole_server && target.front() != '/') return {400, "malformed request target"};
  out = target;
  return {};
}

Refusal parse_request_line(std::string_view line, RequestHead& head) {
  const std::size_t first_space = line.find(' ');
  const std::size_t last_space = line.rfind(' ');
  if (first_space == std::string_view::npos || first_space == last_space) {
    return {400, "malformed request line"};
  }
  const std::string_view method = line.substr(0, first_space);
  const std::string_view target = line.substr(first_space + 1, last_space - first_space - 1);
  if (target.empty()) return {400, "malformed request line"};
  if (const Refusal r = read_version(line.substr(last_space + 1), head.http_1_0)) return r;
  if (const Refusal r = check_method(method)) return r;
  head.method = method;
  return read_target(target, method, head.target);
}

Refusal parse_header_line(std::string_view line, RequestHead& head) {
  if (line.front() == ' ' || line.front() == '\t') return {400, "folded header"};
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {400, "header without a colon"};
  const std::string_view name = line.substr(0, colon);
  if (!is_token(name)) return {400, "malformed header name"};
  const std::string_view value = trim_blanks(line.substr(colon + 1));
  if (!value_bytes(value)) return {400, "control byte in a header"};
  head.headers.emplace_back(lower(name), value);
  return {};
}

// The framing of the body: one reading only, or a refusal.
Refusal read_framing(RequestHead& head) {
  int lengths = 0;
  int encodings = 0;
  int hosts = 0;
  for (const auto& [name, value] : head.headers) {
    if (name == "content-length") {
      ++lengths;
      if (!parse_length(value, head.content_length)) return {400, "malformed Content-Length"};
    } else if (name == "transfer-encoding") {
      ++encodings;
      if (!equals_lower(value, "chunked")) return {400, "unsupported Transfer-Encoding"};
    } else if (name == "host") {
      ++hosts;
      if (!target_bytes(value)) return {400, "malformed Host"};
    }
  }
  if (lengths > 1) return {400, "two Content-Length headers"};
  if (encodings > 1) return {400, "two Transfer-Encoding headers"};
  if (encodings != 0 && lengths != 0) return {400, "Content-Length beside Transfer-Encoding"};
  if (encodings != 0 && head.http_1_0) return {400, "Transfer-Encoding in HTTP/1.0"};
  if (hosts > 1) return {400, "two Host headers"};
  if (hosts == 0 && !head.http_1_0) return {400, "missing Host header"};
  head.has_length = lengths == 1;
  head.chunked = encodings == 1;
  return {};
}

Refusal read_connection(RequestHead& head) {
  head.keep_alive = !head.http_1_0;
  for (const auto& [name, value] : head.headers) {
    if (name == "connection") {
      if (lists_token(value, "close")) {
        head.keep_alive = false;
      } else if (head.http_1_0 && lists_token(value, "keep-alive")) {
        head.keep_alive = true;
      }
    } else if (name == "expect") {
      if (!equals_lower(value, "100-continue")) return {417, "unknown expectation"};
      head.expects_continue = !head.http_1_0;
    }
  }
  return {};
}

// Calls line(text) for each CRLF-ended line until the blank one; refuses other line ends.
template <class F>
Refusal each_line(std::string_view bytes, F line) {
  for (;;) {
    const std::size_t end = bytes.find_first_of("\r\n");
    if (end == std::string_view::npos || bytes[end] == '\n' || end + 1 >= bytes.size() ||
        bytes[end + 1] != '\n') {
      return {400, "malformed line end"};
    }
    if (end == 0) return {};
    if (const Refusal r = line(bytes.substr(0, end))) return r;
    bytes.remove_prefix(end + 2);
  }
}

// What the first bytes already tell: TLS, HTTP/2, binary.
Refusal check_opening(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (bytes.front() == 0x16) return {400, "this is not a TLS port"};
  if (!token_byte(bytes.front())) return {400, "malformed request line"};
  return {};
}

// The request line is checked as soon as it is whole: a peer that speaks something else may never
// send a blank line.
Refusal check_first_line(std::string_view bytes, const HeadLimits& limits) {
  const std::size_t end = bytes.find('\n');
  const std::size_t seen = end == std::string_view::npos ? bytes.size() : end;
  if (seen > limits.request_line_max + 1) return {414, "request line too long"};
  if (end == std::string_view::npos) return {};
  if (end == 0 || bytes[end - 1] != '\r') return {400, "malformed line end"};
  RequestHead head;
  return parse_request_line(bytes.substr(0, end - 1), head);
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower_byte);
  return result;
}

bool has_header(const Params& headers, std::string_view lower_name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return lower(header.first) == lower_name; });
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), token_byte);
}

bool parse_length(std::string_view text, std::uint64_t& value) {
  if (text.empty() || text.size() > 18) return false;  // 18 digits never overflow
  value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return true;
}

bool lists_token(std::string_view header, std::string_view token) {
  while (!header.empty()) {
    const std::size_t comma = header.find(',');
    if (equals_lower(trim_blanks(header.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) break;
    header.remove_prefix(comma + 1);
  }
  return false;
}

HeadSearch find_head_end(std::string_view bytes, std::size_t& scanned, const HeadLimits& limits) {
  if (const Refusal r = check_opening(bytes)) return {r, 0};
  const bool line_known = bytes.substr(0, scanned).find('\n') != std::string_view::npos;
  if (!line_known) {
    if (const Refusal r = check_first_line(bytes, limits)) return {r, 0};
  }
  const std::size_t from = scanned < 3 ? 0 : scanned - 3;
  const std::size_t end = bytes.find("\r\n\r\n", from);
  scanned = bytes.size();
  const std::size_t size = end == std::string_view::npos ? bytes.size() : end + 4;
  if (size > limits.header_bytes_max) return {{431, "request headers too large"}, 0};
  return {{}, end == std::string_view::npos ? 0 : size};
}

Refusal parse_request_head(std::string_view bytes, const HeadLimits& limits, RequestHead& head) {
  bool first_line = true;
  const Refusal refusal = each_line(bytes, [&](std::string_view line) -> Refusal {
    if (first_line) {
      first_line = false;
      if (line.size() > limits.request_line_max) return {414, "request line too long"};
      return parse_request_line(line, head);
    }
    if (head.headers.size() == limits.headers_max) return {431, "too many headers"};
    return parse_header_line(line, head);
  });
  if (refusal) return refusal;
  if (first_line) return {400, "malformed request line"};
  if (const Refusal r = read_framing(head)) return r;
  return read_connection(head);
}

}  // namespace narthex::net
