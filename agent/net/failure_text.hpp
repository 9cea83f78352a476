// SPDX-License-Identifier: Apache-2.0
// failure_text.hpp - failures of the network in the words that Prometheus's users know. Pure.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string>
#include <string_view>

namespace narthex::net {

inline constexpr std::string_view kDeadlineText = "context deadline exceeded";
inline constexpr std::string_view kCancelledText = "context canceled";

inline Status deadline_failure() { return {NX_ERR_DEADLINE, std::string(kDeadlineText)}; }
inline Status cancelled_failure() { return {NX_ERR_CANCELLED, std::string(kCancelledText)}; }

// "connection refused" for ECONNREFUSED.
std::string system_text(int error);
// "dial tcp 127.0.0.1:1: connect: connection refused"
Status dial_failure(std::string_view address, int error);
// "GET", "http://..." -> `Get "http://...": `
std::string fetch_prefix(std::string_view method, std::string_view url);

}  // namespace narthex::net
