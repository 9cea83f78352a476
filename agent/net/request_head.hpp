// SPDX-License-Identifier: Apache-2.0
// request_head.hpp - the head of an HTTP/1 request, read strictly: what two readers could frame
// differently is refused, so that nothing can be smuggled. Pure.
//
// Feed the bytes of the connection to find_head_end() as they come; it sees a hopeless or oversized
// head before it is complete. Then parse_request_head() reads the whole.
#pragma once

#include "net/http.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::net {

struct HeadLimits {
  std::size_t request_line_max = 8 << 10;
  std::size_t header_bytes_max = 64 << 10;
  std::size_t headers_max = 100;
};

// Why a head is refused: the status to answer and words that hold no byte of the client.
struct Refusal {
  int status = 0;  // 0: not refused
  std::string_view reason;
  explicit operator bool() const { return status != 0; }
};

struct RequestHead {
  std::string method;
  std::string target;  // origin form; of an absolute one the path and query
  bool http_1_0 = false;
  Params headers;  // names in lower case, values trimmed
  bool chunked = false;
  bool has_length = false;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool expects_continue = false;

  std::string_view header(std::string_view name) const { return first(headers, name); }
};

// Looks for the end of the head in bytes. `scanned` is where to go on (0 at first) and is updated.
struct HeadSearch {
  Refusal refusal;
  std::size_t size = 0;  // of the head with its blank line; 0: not complete yet
};
HeadSearch find_head_end(std::string_view bytes, std::size_t& scanned, const HeadLimits& limits);

// Reads a complete head, blank line included.
Refusal parse_request_head(std::string_view bytes, const HeadLimits& limits, RequestHead& head);

// The whole of text as a decimal number without sign; false when it is anything else or too large.
bool parse_length(std::string_view text, std::uint64_t& value);
bool is_token(std::string_view text);
std::string lower(std::string_view text);
// Whether a header of that name is among them, in whatever case.
bool has_header(const Params& headers, std::string_view lower_name);
std::string_view trim_blanks(std::string_view text);
// Whether a comma separated header lists the token, in any case.
bool lists_token(std::string_view header, std::string_view token);

}  // namespace narthex::net
