// SPDX-License-Identifier: Apache-2.0
#include "api/answer.hpp"

#include "api/json.hpp"

namespace narthex::api {

namespace {

struct Kind {
  std::string_view name;
  int http_status;
};

Kind kind(ErrorType type) {
  switch (type) {
    case ErrorType::kTimeout:
      return {"timeout", 503};
    case ErrorType::kCanceled:
      return {"canceled", 499};
    case ErrorType::kExecution:
      return {"execution", 422};
    case ErrorType::kBadData:
      return {"bad_data", 400};
    case ErrorType::kNotFound:
      return {"not_found", 404};
    case ErrorType::kUnavailable:
      return {"unavailable", 500};
    case ErrorType::kInternal:
      break;
  }
  return {"internal", 500};
}

void append_list(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  ((out += ",\"") += name) += "\":[";
  for (const std::string& text : texts) {
    if (&text != &texts.front()) out += ',';
    append_json_string(out, text);
  }
  out += ']';
}

}  // namespace

void append_notes(std::string& out, const Notes& notes) {
  append_list(out, "warnings", notes.warnings);
  append_list(out, "infos", notes.infos);
}

net::Response success(std::string_view data, const Notes& notes) {
  constexpr std::string_view kHead = R"({"status":"success","data":)";
  std::string body;
  body.reserve(kHead.size() + data.size() + 1);
  body.append(kHead).append(data);
  append_notes(body, notes);
  body += '}';
  return net::Response::json(200, std::move(body));
}

net::Response success() { return net::Response::json(200, R"({"status":"success"})"); }

net::Response error(ErrorType type, std::string_view text) {
  const Kind k = kind(type);
  JsonWriter json;
  json.begin_object().field("status", "error").field("errorType", k.name).field("error", text);
  json.end_object();
  return net::Response::json(k.http_status, json.take());
}

net::Response invalid_parameter(std::string_view name, std::string_view text) {
  std::string message = "invalid parameter \"";
  ((message += name) += "\": ") += text;
  return error(ErrorType::kBadData, message);
}

net::Response error(const Status& status) {
  switch (status.code()) {
    case NX_ERR_CANCELLED:
      return error(ErrorType::kCanceled, status.message());
    case NX_ERR_DEADLINE:
      return error(ErrorType::kTimeout, status.message());
    case NX_ERR_INVALID_ARGUMENT:
      return error(ErrorType::kBadData, status.message());
    case NX_ERR_EXHAUSTED:
      return error(ErrorType::kExecution, status.message());
    case NX_ERR_UNSUPPORTED:
      return error(ErrorType::kUnavailable, status.message());
    default:
      return error(ErrorType::kInternal, status.message());
  }
}

}  // namespace narthex::api
