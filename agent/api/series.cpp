// SPDX-License-Identifier: Apache-2.0
// series.cpp - series, labels and label values.
#include "api/answer.hpp"
#include "api/api.hpp"
#include "api/json.hpp"
#include "api/params.hpp"
#include "api/routes.hpp"
#include "api/selectors.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <optional>

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

constexpr std::string_view kTruncated = "results truncated due to limit";

// What the three endpoints have in common.
struct Lookup {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::uint64_t limit = 0;
  std::vector<Selector> selectors;
};

// The parameters, or the answer that refuses them.
std::optional<Response> read_lookup(const Request& request, Lookup& out) {
  const Result<std::int64_t> limit = parse_limit(request.value("limit"));
  if (!limit.ok()) return invalid_parameter("limit", limit.status().message());
  const Result<std::int64_t> start = time_param(request, "start", kMinTimeMs);
  if (!start.ok()) return invalid_parameter("start", start.status().message());
  const Result<std::int64_t> end = time_param(request, "end", kMaxTimeMs);
  if (!end.ok()) return invalid_parameter("end", end.status().message());
  Result<std::vector<Selector>> selectors = parse_selectors(request.values("match[]"), false);
  if (!selectors.ok()) return invalid_parameter("match[]", selectors.status().message());
  out.start_ms = *start;
  out.end_ms = *end;
  out.limit = static_cast<std::uint64_t>(*limit);
  out.selectors = *std::move(selectors);
  return std::nullopt;
}

// Runs `list(selector)` for each selector (once without, when there is none), merges the sorted
// lists and cuts at the limit.
template <class List>
Response merged(const Lookup& lookup, List list) {
  std::vector<std::string> all;
  const std::vector<Selector> none(1);
  for (const Selector& selector : lookup.selectors.empty() ? none : lookup.selectors) {
    Result<std::vector<std::string>> part = list(selector);
    if (!part.ok()) return error(part.status());
    all.insert(all.end(), std::make_move_iterator(part->begin()),
               std::make_move_iterator(part->end()));
  }
  if (lookup.selectors.size() > 1) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
  }
  Notes notes;
  if (lookup.limit > 0 && all.size() > lookup.limit) {
    all.resize(lookup.limit);
    notes.warnings.emplace_back(kTruncated);
  }
  JsonWriter json;
  json.begin_array();
  for (const std::string& text : all) json.string(text);
  json.end_array();
  return success(json.text(), notes);
}

// One more than wanted, so that a cut is noticed.
std::uint64_t storage_limit(const Lookup& lookup) {
  return lookup.limit > 0 ? lookup.limit + 1 : 0;
}

Response labels(store::Store& store, const Request& request) {
  Lookup lookup;
  if (auto refused = read_lookup(request, lookup)) return *std::move(refused);
  Result<store::Querier> querier = store.open(lookup.start_ms, lookup.end_ms);
  if (!querier.ok()) return error(querier.status());
  return merged(lookup, [&](const Selector& selector) {
    return querier->label_names(selector, storage_limit(lookup));
  });
}

Response label_values(store::Store& store, const Request& request) {
  const std::string name = unescape_label_name(net::first(request.path_params, "name"));
  if (name.empty()) {
    return error(ErrorType::kBadData, "invalid label name: \"\"");
  }
  Lookup lookup;
  if (auto refused = read_lookup(request, lookup)) return *std::move(refused);
  Result<store::Querier> querier = store.open(lookup.start_ms, lookup.end_ms);
  if (!querier.ok()) return error(querier.status());
  return merged(lookup, [&](const Selector& selector) {
    return querier->label_values(name, selector, storage_limit(lookup));
  });
}

// JSON objects one after the other with commas between, and where each ends.
class ObjectList {
 public:
  void add(const nx_series_table& table, std::uint32_t series) {
    if (!ends_.empty()) text_ += ',';
    text_ += '{';
    for (std::uint32_t p = table.label_off[series]; p < table.label_off[series + 1]; ++p) {
      if (p != table.label_off[series]) text_ += ',';
      append_json_string(text_, view(table.symbols[table.label_ref[2 * p]]));
      text_ += ':';
      append_json_string(text_, view(table.symbols[table.label_ref[2 * p + 1]]));
    }
    text_ += '}';
    ends_.push_back(text_.size());
  }

  std::size_t size() const { return ends_.size(); }

  void cut(std::size_t size) {
    ends_.resize(size);
    text_.resize(ends_.empty() ? 0 : ends_.back());
  }

  // What several selectors found, each once.
  void merge() {
    std::vector<std::string_view> all;
    for (std::size_t i = 0, at = 0; i < ends_.size(); at = ends_[i] + 1, ++i) {
      all.push_back(std::string_view(text_).substr(at, ends_[i] - at));
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    std::string text;
    text.reserve(text_.size());
    ends_.clear();
    for (const std::string_view one : all) {
      if (!ends_.empty()) text += ',';
      text += one;
      ends_.push_back(text.size());
    }
    text_ = std::move(text);
  }

  std::string array() && {
    text_.insert(text_.begin(), '[');
    text_ += ']';
    return std::move(text_);
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
};

// Appends every series of a selector, in label order.
Status collect_series(store::Querier& querier, const Selector& selector, const Lookup& lookup,
                      ObjectList& out) {
  nx_scan_opts opts{};
  opts.flags = NX_SCAN_NO_SAMPLES | NX_SCAN_SORTED;
  opts.mint = lookup.start_ms;
  opts.maxt = lookup.end_ms;
  opts.limit_series = storage_limit(lookup);
  Result<store::Cursor> cursor = querier.select(selector, opts);
  if (!cursor.ok()) return cursor.status();
  while (cursor->next()) {
    const nx_block& block = cursor->block();
    for (std::uint32_t i = 0; i < block.series_count; ++i) out.add(*block.labels, i);
  }
  return cursor->status();
}

Response series(store::Store& store, const Request& request) {
  if (request.values("match[]").empty()) {
    return error(ErrorType::kBadData, "no match[] parameter provided");
  }
  Lookup lookup;
  if (auto refused = read_lookup(request, lookup)) return *std::move(refused);
  Result<store::Querier> querier = store.open(lookup.start_ms, lookup.end_ms);
  if (!querier.ok()) return error(querier.status());
  const auto hook = request.cancellation->on_cancel([&q = *querier] { q.cancel(); });
  ObjectList found;
  for (const Selector& selector : lookup.selectors) {
    const Status collected = collect_series(*querier, selector, lookup, found);
    if (!collected.ok()) return error(collected);
  }
  if (lookup.selectors.size() > 1) found.merge();
  Notes notes;
  if (lookup.limit > 0 && found.size() > lookup.limit) {
    found.cut(lookup.limit);
    notes.warnings.emplace_back(kTruncated);
  }
  for (std::string& warning : querier->warnings()) notes.warnings.push_back(std::move(warning));
  return success(std::move(found).array(), notes);
}

}  // namespace

Status mount_series(const Services& s) {
  const RouteOptions get_and_post{
      .methods = {"GET", "POST"}, .lane = net::Lane::kQuery, .stored = true};
  Status added = add_route(s, "/api/v1/series", get_and_post,
                           [&store = s.store](const Request& r) { return series(store, r); });
  if (added.ok()) {
    added = add_route(s, "/api/v1/labels", get_and_post,
                      [&store = s.store](const Request& r) { return labels(store, r); });
  }
  if (added.ok()) {
    added = add_route(s, "/api/v1/label/{name}/values", {.lane = net::Lane::kQuery, .stored = true},
                      [&store = s.store](const Request& r) { return label_values(store, r); });
  }
  return added;
}

}  // namespace narthex::api
