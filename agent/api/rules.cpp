// SPDX-License-Identifier: Apache-2.0
// rules.cpp - rules, alerts and alertmanagers. Rules are not evaluated by this version (config
// warns about them), so the answers are empty; parameters are checked all the same.
#include "api/answer.hpp"
#include "api/api.hpp"
#include "api/routes.hpp"
#include "api/selectors.hpp"

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

// The words Go's ParseBool knows.
bool is_bool(std::string_view text) {
  for (const std::string_view word :
       {"1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"}) {
    if (text == word) return true;
  }
  return false;
}

std::optional<Response> bad_rules_parameter(const Request& request) {
  const std::string_view type = request.value("type");
  if (!type.empty() && type != "alert" && type != "record") {
    return invalid_parameter("type", "not supported value \"" + std::string(type) + "\"");
  }
  const std::string_view exclude = request.value("exclude_alerts");
  if (!exclude.empty() && !is_bool(exclude)) {
    return invalid_parameter("exclude_alerts",
                             "error converting exclude_alerts: strconv.ParseBool: parsing \"" +
                                 std::string(exclude) + "\": invalid syntax");
  }
  const Result<std::vector<Selector>> selectors = parse_selectors(request.values("match[]"));
  if (!selectors.ok()) return invalid_parameter("match[]", selectors.status().message());
  if (!request.value("group_next_token").empty() && request.value("group_limit").empty()) {
    return invalid_parameter(
        "group_next_token", "group_limit needs to be present in order to paginate over the groups");
  }
  return std::nullopt;
}

}  // namespace

Status mount_rules(const Services& s) {
  Status added = add_route(s, "/api/v1/rules", {.stored = true}, [](const Request& request) {
    if (auto bad = bad_rules_parameter(request)) return *bad;
    return success(R"({"groups":[]})");
  });
  if (added.ok()) {
    added = add_route(s, "/api/v1/alerts", {.stored = true},
                      [](const Request&) { return success(R"({"alerts":[]})"); });
  }
  if (added.ok()) {
    added = add_route(s, "/api/v1/alertmanagers", {.stored = true}, [](const Request&) {
      return success(R"({"activeAlertmanagers":[],"droppedAlertmanagers":[]})");
    });
  }
  return added;
}

}  // namespace narthex::api
