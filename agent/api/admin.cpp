// SPDX-License-Identifier: Apache-2.0
// admin.cpp - calls that change what is stored: delete_series, clean_tombstones, snapshot, compact.
// Closed unless --web.enable-admin-api; never CORS.
#include "api/answer.hpp"
#include "api/api.hpp"
#include "api/json.hpp"
#include "api/params.hpp"
#include "api/routes.hpp"
#include "api/selectors.hpp"
#include "runtime/executor.hpp"
#include "store/store.hpp"

#include <filesystem>
#include <random>

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

Response no_content() {
  Response r;
  r.status = 204;
  return r;
}

net::Handler guarded(const Services& s, std::function<Response(const Request&)> act) {
  return [&status = s.status, act = std::move(act)](const Request& request) {
    const auto config = status.config();
    if (config == nullptr || !config->http.enable_admin_api) {
      return error(ErrorType::kUnavailable, "admin APIs disabled");
    }
    return act(request);
  };
}

Response delete_series(store::Store& store, const Request& request) {
  const std::vector<std::string> match = request.values("match[]");
  if (match.empty()) return error(ErrorType::kBadData, "no match[] parameter provided");
  const Result<std::int64_t> start = time_param(request, "start", kMinTimeMs);
  if (!start.ok()) return invalid_parameter("start", start.status().message());
  const Result<std::int64_t> end = time_param(request, "end", kMaxTimeMs);
  if (!end.ok()) return invalid_parameter("end", end.status().message());
  const Result<std::vector<Selector>> selectors = parse_selectors(match);
  if (!selectors.ok()) return invalid_parameter("match[]", selectors.status().message());
  for (const Selector& selector : *selectors) {
    const Status deleted = store.delete_series(selector, *start, *end);
    if (!deleted.ok()) return error(deleted);
  }
  return no_content();
}

std::string snapshot_name(std::int64_t now_ms) {
  std::string name = rfc3339(now_ms);
  std::erase_if(name, [](char c) { return c == '-' || c == ':' || c == '.'; });
  char suffix[24];
  std::snprintf(
      suffix, sizeof suffix, "-%016llx",
      (static_cast<unsigned long long>(std::random_device{}()) << 32) | std::random_device{}());
  return name + suffix;
}

Response snapshot(const Services& s, const Request& request) {
  const std::string_view skip = request.value("skip_head");
  if (!skip.empty() && skip != "true" && skip != "false" && skip != "1" && skip != "0") {
    return invalid_parameter("skip_head", "unable to parse boolean \"" + std::string(skip) +
                                              "\" argument: strconv.ParseBool: parsing \"" +
                                              std::string(skip) + "\": invalid syntax");
  }
  if ((s.store.capabilities() & NX_STORAGE_SNAPSHOT) == 0) {
    return error(ErrorType::kUnavailable, "this storage backend makes no snapshots");
  }
  const std::string name = snapshot_name(s.executor.clock().now_ms());
  const std::filesystem::path folder =
      std::filesystem::path(s.status.config()->storage.data_dir) / "snapshots" / name;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return error(ErrorType::kInternal, "create snapshot directory: " + failed.message());
  const Status made = s.store.snapshot(folder.string(), skip == "true" || skip == "1");
  if (!made.ok()) return error(made);
  JsonWriter json;
  json.begin_object().field("name", std::string_view(name)).end_object();
  return success(json.text());
}

Response compact(const Services& s) {
  while (s.store.maintain(INT64_MAX)) {
  }
  return no_content();
}

}  // namespace

Status mount_admin(const Services& s) {
  const RouteOptions closed{
      .methods = {"POST", "PUT"}, .lane = net::Lane::kIngest, .cors = false, .stored = true};
  Status added = add_route(
      s, "/api/v1/admin/tsdb/delete_series", closed,
      guarded(s, [&store = s.store](const Request& r) { return delete_series(store, r); }));
  if (added.ok()) {
    added = add_route(s, "/api/v1/admin/tsdb/clean_tombstones", closed,
                      guarded(s, [&store = s.store](const Request&) {
                        const Status cleaned = store.clean_deleted();
                        return cleaned.ok() ? no_content() : error(cleaned);
                      }));
  }
  if (added.ok()) {
    added = add_route(s, "/api/v1/admin/tsdb/snapshot", closed,
                      guarded(s, [s](const Request& r) { return snapshot(s, r); }));
  }
  if (added.ok()) {
    added = add_route(s, "/api/v1/admin/tsdb/compact", closed,
                      guarded(s, [s](const Request&) { return compact(s); }));
  }
  return added;
}

}  // namespace narthex::api
