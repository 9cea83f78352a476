// SPDX-License-Identifier: Apache-2.0
// expression.cpp - what can be said about a query without running it: format_query, parse_query;
// and features, the list of what is there and switched on.
#include "api/answer.hpp"
#include "api/api.hpp"
#include "api/json.hpp"
#include "api/query_features.hpp"
#include "api/routes.hpp"
#include "promql/ast_json.hpp"
#include "promql/functions.hpp"
#include "promql/parser.hpp"
#include "promql/printer.hpp"

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kFormMax = 4 << 20;  // a query of 1 MiB, percent-encoded

Response with_expression(const Services& s, const Request& request,
                         const std::function<std::string(const promql::Expr&)>& render) {
  const auto config = s.status.config();
  const Result<std::shared_ptr<const promql::Ast>> ast =
      promql::parse_expression(request.value("query"), *s.functions, parse_options(*config));
  if (!ast.ok()) return invalid_parameter("query", ast.status().message());
  return success(render((*ast)->root()));
}

std::string formatted(const promql::Expr& expr) {
  std::string json;
  append_json_string(json, promql::prettify(expr));
  return json;
}

struct Flag {
  std::string_view name;
  std::string_view feature;  // of --enable-feature; empty: always on
};

void write_flags(JsonWriter& json, const config::Config& config, std::string_view category,
                 std::initializer_list<Flag> flags) {
  json.key(category).begin_object();
  for (const Flag& flag : flags) {
    json.field(flag.name, flag.feature.empty() || feature_enabled(config, flag.feature));
  }
  json.end_object();
}

Response features(const Services& s) {
  const auto config = s.status.config();
  JsonWriter json;
  json.begin_object();
  write_flags(json, *config, "api",
              {{"exclude_alerts", ""},
               {"label_values_match", ""},
               {"query_stats", ""},
               {"status_events", ""},
               {"status_plugins", ""}});
  json.key("ingest").begin_object();
  json.field("remote_write_receiver", config->http.remote_write_receiver).end_object();
  write_flags(json, *config, "promql",
              {{"anchored", "promql-extended-range-selectors"},
               {"at_modifier", ""},
               {"negative_offset", ""},
               {"subqueries", ""},
               {"delayed_name_removal", "promql-delayed-name-removal"},
               {"duration_expr", "promql-duration-expr"},
               {"experimental_functions", "promql-experimental-functions"},
               {"fill_modifiers", "promql-binop-fill-modifiers"},
               {"smoothed", "promql-extended-range-selectors"},
               {"type_and_unit_labels", "type-and-unit-labels"}});
  json.key("promql_functions").begin_object();
  for (const auto& [name, entry] : s.functions->entries()) {
    const bool on =
        entry.available() && (!entry.signature.experimental ||
                              feature_enabled(*config, "promql-experimental-functions"));
    json.field(name, on);
  }
  json.end_object();
  write_flags(
      json, *config, "scrape",
      {{"extra_scrape_metrics", "extra-scrape-metrics"}, {"openmetrics", ""}, {"utf8_names", ""}});
  json.end_object();
  return success(json.text());
}

}  // namespace

Status mount_expression(const Services& s) {
  const RouteOptions get_and_post{.methods = {"GET", "POST"},
                                  .lane = net::Lane::kQuery,
                                  .body_max_bytes = kFormMax,
                                  .stored = true};
  Status added = add_route(s, "/api/v1/format_query", get_and_post,
                           [s](const Request& r) { return with_expression(s, r, formatted); });
  if (added.ok()) {
    added = add_route(s, "/api/v1/parse_query", get_and_post,
                      [s](const Request& r) { return with_expression(s, r, promql::ast_json); });
  }
  if (added.ok()) {
    added = add_route(s, "/api/v1/features", {}, [s](const Request&) { return features(s); });
  }
  return added;
}

}  // namespace narthex::api
