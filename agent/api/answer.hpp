// SPDX-License-Identifier: Apache-2.0
// answer.hpp - the envelope of the HTTP API v1: {"status", "data", "errorType", "error",
// "warnings", "infos"}, and the HTTP status of each error type (FEATURES 6.4).
#pragma once

#include "net/http.hpp"

#include <narthex/sdk/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace narthex::api {

enum class ErrorType {
  kTimeout,      // 503
  kCanceled,     // 499
  kExecution,    // 422
  kBadData,      // 400
  kInternal,     // 500
  kUnavailable,  // 500
  kNotFound,     // 404
};

struct Notes {
  std::vector<std::string> warnings;
  std::vector<std::string> infos;
};

// `data` is JSON.
net::Response success(std::string_view data, const Notes& notes = {});
// Success without a data member's content: {"status":"success"}.
net::Response success();
net::Response error(ErrorType type, std::string_view text);
// invalid parameter "name": text
net::Response invalid_parameter(std::string_view name, std::string_view text);
// What a failure of the store means to a client.
net::Response error(const Status& status);

// "warnings" and "infos" members with a leading comma, or nothing.
void append_notes(std::string& out, const Notes& notes);

}  // namespace narthex::api
