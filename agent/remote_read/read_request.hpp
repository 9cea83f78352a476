// SPDX-License-Identifier: Apache-2.0
// read_request.hpp - prometheus.ReadRequest: what a remote read asks for. Pure.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::remote_read {

struct RequestMatcher {
  std::int32_t type = 0;  // NX_MATCH_*, or a number that nobody knows
  std::string name;
  std::string value;
};

struct RequestQuery {
  std::int64_t start_ms = 0;  // inclusive, as end_ms
  std::int64_t end_ms = 0;
  std::vector<RequestMatcher> matchers;
  // Hints: what the query around the selector needs.
  bool has_hints = false;
  std::int64_t hint_start_ms = 0;
  std::int64_t hint_end_ms = 0;
  std::int64_t hint_step_ms = 0;
  std::int64_t hint_range_ms = 0;
  std::string hint_function;
};

// Numbers of the message's ResponseType.
enum class ResponseType : std::int32_t { kSamples = 0, kStreamedXorChunks = 1 };

struct ReadRequest {
  std::vector<RequestQuery> queries;
  std::vector<std::int32_t> accepted;  // response types, the preferred one first

  // Of a decoded body. Fails for what is no such message, with a message that says so.
  static Result<ReadRequest> parse(std::string_view message);
  // The first accepted type that there is; sampled when none is named.
  Result<ResponseType> response_type() const;
};

}  // namespace narthex::remote_read
