// SPDX-License-Identifier: Apache-2.0
// url.hpp - http and https addresses as the client needs them. Pure.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string>
#include <string_view>

namespace narthex::net {

struct Url {
  std::string scheme;     // lower case
  std::string user_info;  // "user:password", escaped as written
  std::string authority;  // "host", "host:port", "[v6]:port": as the Host header says it
  std::string host;       // without brackets
  int port = 0;           // the scheme's own when none is written; 0 for other schemes
  std::string target;     // path and query, "/" at least

  // As error messages show it: without a password.
  std::string text() const;
};

// An absolute URL of any scheme; the fragment is dropped.
Result<Url> parse_url(std::string_view text);

// A Location relative to base (RFC 3986 5.2).
Result<Url> resolve_url(const Url& base, std::string_view reference);

// Whether what is secret for `from` may be sent to `to`: the same host and port, or the same host's
// https beside its http.
bool same_place(const Url& from, const Url& to);

}  // namespace narthex::net
