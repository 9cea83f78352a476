// SPDX-License-Identifier: Apache-2.0
// targets.cpp - what is scraped: targets, scrape_pools, targets/metadata, metadata.
#include "api/answer.hpp"
#include "api/api.hpp"
#include "api/json.hpp"
#include "api/params.hpp"
#include "api/routes.hpp"
#include "api/selectors.hpp"
#include "scrape/manager.hpp"
#include "scrape/view.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

std::string_view health_name(scrape::Health health) {
  switch (health) {
    case scrape::Health::kUp:
      return "up";
    case scrape::Health::kDown:
      return "down";
    case scrape::Health::kUnknown:
      break;
  }
  return "unknown";
}

std::string seconds_text(std::int64_t ms) { return document::format_duration_ms(ms); }

void write_active(JsonWriter& json, const scrape::TargetView& t) {
  json.begin_object();
  json.key("discoveredLabels").labels(t.discovered_labels);
  json.key("labels").labels(t.labels);
  json.field("scrapePool", std::string_view(t.scrape_pool));
  json.field("scrapeUrl", std::string_view(t.scrape_url));
  json.field("globalUrl", std::string_view(t.global_url));
  json.field("lastError", std::string_view(t.last_error));
  json.field("lastScrape", std::string_view(rfc3339(t.last_scrape_ms)));
  json.key("lastScrapeDuration").number(t.last_scrape_duration_s);
  json.field("health", health_name(t.health));
  json.field("scrapeInterval", std::string_view(seconds_text(t.interval_ms)));
  json.field("scrapeTimeout", std::string_view(seconds_text(t.timeout_ms)));
  json.end_object();
}

Response targets(const scrape::Manager& manager, const Request& request) {
  const std::string_view wanted_pool = request.value("scrapePool");
  std::string state(request.value("state"));
  std::transform(state.begin(), state.end(), state.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool any = state.empty() || state == "any";
  const bool active = any || state == "active";
  const bool dropped = any || state == "dropped";

  JsonWriter actives;
  JsonWriter droppeds;
  JsonWriter counts;
  actives.begin_array();
  droppeds.begin_array();
  counts.begin_object();
  for (const scrape::PoolView& pool : manager.pools()) {
    if (dropped) counts.field(pool.name, static_cast<std::int64_t>(pool.dropped_total));
    if (!wanted_pool.empty() && pool.name != wanted_pool) continue;
    if (active) {
      for (const scrape::TargetView& target : pool.active) write_active(actives, target);
    }
    if (!dropped) continue;
    for (const scrape::DroppedTargetView& target : pool.dropped) {
      droppeds.begin_object().key("discoveredLabels").labels(target.discovered_labels);
      droppeds.field("scrapePool", std::string_view(target.scrape_pool)).end_object();
    }
  }
  actives.end_array();
  droppeds.end_array();
  counts.end_object();
  JsonWriter json;
  json.begin_object();
  json.key("activeTargets").raw(actives.text());
  json.key("droppedTargets").raw(droppeds.text());
  if (dropped) {
    json.key("droppedTargetCounts").raw(counts.text());
  } else {
    json.key("droppedTargetCounts").null();
  }
  json.end_object();
  return success(json.text());
}

Response scrape_pools(const scrape::Manager& manager) {
  std::vector<std::string> names;
  for (const scrape::PoolView& pool : manager.pools()) names.push_back(pool.name);
  std::sort(names.begin(), names.end());
  JsonWriter json;
  json.begin_object().key("scrapePools").begin_array();
  for (const std::string& name : names) json.string(name);
  json.end_array().end_object();
  return success(json.text());
}

bool matches(const Labels& labels, const Selector& selector) {
  return std::all_of(selector.begin(), selector.end(), [&](const store::Matcher& matcher) {
    return matcher.matches(labels.get(matcher.name()));
  });
}

Response targets_metadata(const scrape::Manager& manager, const Request& request) {
  const Result<std::int64_t> limit = request.value("limit").empty()
                                         ? Result<std::int64_t>(-1)
                                         : parse_limit(request.value("limit"));
  if (!limit.ok()) return error(ErrorType::kBadData, "limit must be a number");
  Selector selector;
  const std::string match(request.value("match_target"));
  if (!match.empty()) {
    Result<std::vector<Selector>> parsed = parse_selectors({match});
    if (!parsed.ok()) return invalid_parameter("match_target", parsed.status().message());
    selector = std::move(parsed->front());
  }
  const std::string_view metric = request.value("metric");
  std::int64_t count = 0;
  JsonWriter json;
  json.begin_array();
  for (const scrape::TargetMetadataView& target : manager.metadata()) {
    if (!matches(target.target, selector)) continue;
    for (const scrape::MetadataView& m : target.metrics) {
      if (!metric.empty() && m.metric != metric) continue;
      if (*limit >= 0 && count >= *limit) break;
      json.begin_object().key("target").labels(target.target);
      // A single metric that was asked for is not repeated in the answer.
      if (metric.empty()) json.field("metric", std::string_view(m.metric));
      json.field("type", std::string_view(m.type)).field("help", std::string_view(m.help));
      json.field("unit", std::string_view(m.unit)).end_object();
      ++count;
    }
  }
  json.end_array();
  return success(json.text());
}

using MetadataKey = std::tuple<std::string, std::string, std::string>;  // type, unit, help

Response metadata(const scrape::Manager& manager, const Request& request) {
  const auto count_of = [&](std::string_view name) -> Result<std::int64_t> {
    const std::string_view text = request.value(name);
    if (text.empty()) return std::int64_t{-1};
    const Result<std::int64_t> parsed = parse_limit(text);
    if (!parsed.ok()) return invalid_argument(std::string(name) + " must be a number");
    return parsed;
  };
  const Result<std::int64_t> limit = count_of("limit");
  if (!limit.ok()) return error(ErrorType::kBadData, limit.status().message());
  const Result<std::int64_t> per_metric = count_of("limit_per_metric");
  if (!per_metric.ok()) return error(ErrorType::kBadData, per_metric.status().message());

  const std::string_view wanted = request.value("metric");
  std::map<std::string, std::set<MetadataKey>> metrics;
  for (const scrape::TargetMetadataView& target : manager.metadata()) {
    for (const scrape::MetadataView& m : target.metrics) {
      if (!wanted.empty() && m.metric != wanted) continue;
      std::set<MetadataKey>& entries = metrics[m.metric];
      if (*per_metric > 0 && static_cast<std::int64_t>(entries.size()) >= *per_metric) continue;
      entries.emplace(m.type, m.unit, m.help);
    }
  }
  std::int64_t count = 0;
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, entries] : metrics) {
    if (*limit >= 0 && count++ >= *limit) break;
    json.key(name).begin_array();
    for (const auto& [type, unit, help] : entries) {
      json.begin_object().field("type", std::string_view(type));
      json.field("help", std::string_view(help)).field("unit", std::string_view(unit)).end_object();
    }
    json.end_array();
  }
  json.end_object();
  return success(json.text());
}

}  // namespace

Status mount_targets(const Services& s) {
  scrape::Manager& manager = s.scrape;
  Status added = add_route(s, "/api/v1/targets", {},
                           [&manager](const Request& r) { return targets(manager, r); });
  if (added.ok()) {
    added = add_route(s, "/api/v1/scrape_pools", {},
                      [&manager](const Request&) { return scrape_pools(manager); });
  }
  if (added.ok()) {
    added = add_route(s, "/api/v1/targets/metadata", {},
                      [&manager](const Request& r) { return targets_metadata(manager, r); });
  }
  if (added.ok()) {
    added = add_route(s, "/api/v1/metadata", {},
                      [&manager](const Request& r) { return metadata(manager, r); });
  }
  return added;
}

}  // namespace narthex::api
