// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/group_json.hpp"

#include <narthex/sdk/histogram_bounds.hpp>
#include <narthex/sdk/json.hpp>
#include <narthex/sdk/number.hpp>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <map>

namespace narthex::ingest::pushgateway {
namespace {

void append_member(std::string& out, std::string_view name) {
  if (out.back() != '{') out += ',';
  sdk::append_json_text(out, name);
  out += ':';
}

// Numbers are texts, laid out as Go prints a float64 by default.
std::string number(double value) {
  std::string out;
  sdk::append_exposition(out, value);
  return out;
}
// Integers of the message print as such.
std::string count_text(double count, bool is_float) {
  if (is_float || std::fabs(count) >= 9007199254740992.0) return number(count);
  return std::to_string(static_cast<std::int64_t>(count));
}

std::string text_map(const std::map<std::string, std::string>& entries) {
  std::string out = "{";
  for (const auto& [name, value] : entries) {
    append_member(out, name);
    sdk::append_json_text(out, value);
  }
  return out + "}";
}

// [rule, lower, upper, count] of a sparse bucket; the rule says which borders belong to it.
struct ShownBucket {
  int borders;
  double lower;
  double upper;
  double count;
};

double border(std::int32_t schema, std::int64_t index) {
  const bool known = schema >= -4 && schema <= 8;
  return known ? sdk::exponential_bound(index, schema) : std::numeric_limits<double>::quiet_NaN();
}

// Ascending by the index of the exponential bucket.
std::vector<ShownBucket> side(const NativeBuckets& n, const std::vector<nx_span>& spans,
                              const std::vector<std::int64_t>& deltas,
                              const std::vector<double>& counts) {
  std::vector<ShownBucket> out;
  std::int64_t index = 0;
  std::size_t at = 0;
  double count = 0;
  for (const nx_span& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length; ++i, ++index, ++at) {
      if (at >= (n.is_float ? counts.size() : deltas.size())) return out;
      count = n.is_float ? counts[at] : count + static_cast<double>(deltas[at]);
      if (count != 0)
        out.push_back({0, border(n.schema, index - 1), border(n.schema, index), count});
    }
  }
  return out;
}

std::string native_buckets(const NativeBuckets& n) {
  constexpr int kBothOpen = 0, kLowerClosed = 1, kBothClosed = 3;
  std::vector<ShownBucket> all = side(n, n.negative_spans, n.negative_deltas, n.negative_counts);
  std::reverse(all.begin(), all.end());
  for (ShownBucket& b : all) b = {kLowerClosed, -b.upper, -b.lower, b.count};
  if (n.zero_count != 0) {
    all.push_back({kBothClosed, -n.zero_threshold, n.zero_threshold, n.zero_count});
  }
  for (const ShownBucket& b : side(n, n.positive_spans, n.positive_deltas, n.positive_counts)) {
    all.push_back({kBothOpen, b.lower, b.upper, b.count});
  }
  std::string out = "[";
  for (const ShownBucket& b : all) {
    if (out.size() > 1) out += ',';
    out += "[" + std::to_string(b.borders) + ",\"" + number(b.lower) + "\",\"" + number(b.upper) +
           "\",\"" + count_text(b.count, n.is_float) + "\"]";
  }
  return out + "]";
}

std::string classic_buckets(const Metric& metric) {
  std::map<std::string, std::string> shown;
  for (const Bucket& b : metric.buckets) {
    shown[number(b.upper_bound)] = count_text(b.cumulative_count, metric.float_counts);
  }
  return text_map(shown);
}

void append_metric(std::string& out, const Metric& metric) {
  const auto text = [&](std::string_view name, const std::string& value) {
    append_member(out, name);
    sdk::append_json_text(out, value);
  };
  out += '{';
  if (metric.kind == FamilyType::kHistogram) {
    append_member(out, "buckets");
    out += metric.native != nullptr ? native_buckets(*metric.native) : classic_buckets(metric);
  }
  const bool has_parts =
      metric.kind == FamilyType::kHistogram || metric.kind == FamilyType::kSummary;
  if (has_parts) text("count", count_text(metric.count, metric.float_counts));
  append_member(out, "labels");
  out += text_map({metric.labels.begin(), metric.labels.end()});
  if (metric.kind == FamilyType::kSummary) {
    std::map<std::string, std::string> quantiles;
    for (const Quantile& q : metric.quantiles) quantiles[number(q.quantile)] = number(q.value);
    append_member(out, "quantiles");
    out += text_map(quantiles);
  }
  if (has_parts) {
    text("sum", number(metric.sum));
  } else {
    text("value", number(metric.value));
  }
  out += '}';
}

std::string family_json(const TimedFamily& timed) {
  std::string out = "{";
  append_member(out, "time_stamp");
  sdk::append_json_text(out, rfc3339(timed.pushed_ms));
  append_member(out, "type");
  sdk::append_json_text(out, name_of(timed.family->type));
  if (!timed.family->help.empty()) {
    append_member(out, "help");
    sdk::append_json_text(out, timed.family->help);
  }
  append_member(out, "metrics");
  out += '[';
  for (const Metric& metric : timed.family->metrics) {
    if (out.back() != '[') out += ',';
    append_metric(out, metric);
  }
  return out + "]}";
}

std::string group_json(const Group& group) {
  // Families and the group's own members share an object; a family named like one of those wins,
  // as in the gateway.
  std::map<std::string, std::string> members;
  members["labels"] = text_map({group.key.begin(), group.key.end()});
  members["last_push_successful"] = group.last_push_worked() ? "true" : "false";
  for (const auto& [name, timed] : group.families) members[name] = family_json(timed);
  std::string out = "{";
  for (const auto& [name, json] : members) {
    append_member(out, name);
    out += json;
  }
  return out + "}";
}

}  // namespace

std::string groups_json(const std::vector<GroupRef>& groups) {
  std::string out = "[";
  for (const GroupRef& group : groups) {
    if (out.size() > 1) out += ',';
    out += group_json(*group);
  }
  return out + "]";
}

std::string rfc3339(std::int64_t ms) {
  const std::int64_t millis = (ms % 1000 + 1000) % 1000;
  const auto seconds = static_cast<std::time_t>((ms - millis) / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string out(text);
  if (millis != 0) {
    std::string fraction = std::to_string(1000 + millis).substr(1);
    while (fraction.back() == '0') fraction.pop_back();
    (out += '.') += fraction;
  }
  return out + "Z";
}

}  // namespace narthex::ingest::pushgateway
