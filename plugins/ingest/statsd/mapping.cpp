// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/statsd/mapping.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

namespace narthex::ingest::statsd {
namespace {

// Calls use(part) for the parts between dots, until it returns false.
template <class Use>
void each_part(std::string_view text, Use&& use) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!use(text.substr(0, dot)) || dot == std::string_view::npos) return;
    text.remove_prefix(dot + 1);
  }
}

std::string_view type_of(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return "counter";
    case Kind::kGauge:
      return "gauge";
    case Kind::kSet:
      return "set";
    default:
      return "observer";
  }
}

bool fits(const Rule& rule, std::string_view name, std::vector<std::string_view>& stars) {
  stars.clear();
  std::size_t index = 0;
  bool good = true;
  each_part(name, [&](std::string_view part) {
    good = index < rule.parts.size() && (rule.parts[index] == "*" || rule.parts[index] == part);
    if (good && rule.parts[index] == "*") stars.push_back(part);
    ++index;
    return good;
  });
  return good && index == rule.parts.size();
}

// The highest $n of a text.
std::size_t highest_star(std::string_view text) {
  std::size_t highest = 0;
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
    const std::size_t digits = at + 1 + (text.substr(at + 1, 1) == "{" ? 1 : 0);
    std::size_t number = 0;
    std::from_chars(text.data() + digits, text.data() + text.size(), number);
    highest = std::max(highest, number);
  }
  return highest;
}

Status check_rule(sdk::Host host, sdk::Value rule) {
  const auto match = rule["match"].get<std::string_view>();
  const auto stars = static_cast<std::size_t>(std::count(match.begin(), match.end(), '*'));
  bool whole = !match.empty();
  each_part(match, [&](std::string_view part) {
    whole = whole && !part.empty() && (part == "*" || part.find('*') == std::string_view::npos);
    return whole;
  });
  if (!whole) {
    return host.config_error(
        rule["match"], "match must be parts between dots, each of them a star or without one");
  }
  const bool drop = rule["action"].get<std::string_view>() == "drop";
  const sdk::Value name = rule["name"];
  if (!drop && name.get<std::string_view>().empty()) {
    return host.config_error(rule["match"], "a mapping needs a name, or action = \"drop\"");
  }
  const auto too_high = [&](sdk::Value text) {
    return highest_star(text.get<std::string_view>()) > stars;
  };
  const std::string fault = "there are only " + std::to_string(stars) + " stars in match";
  if (too_high(name)) return host.config_error(name, fault);
  for (const nx_kv& label : rule["labels"].entries()) {
    if (too_high(sdk::Value(&label.value))) {
      return host.config_error(sdk::Value(&label.value), fault);
    }
  }
  return check_bounds(host, rule["buckets"], rule["quantiles"]);
}

}  // namespace

std::string Mapped::expand(std::string_view text) const {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    const bool braces = text.substr(1, 1) == "{";
    const char* const digits = text.data() + (braces ? 2 : 1);
    std::size_t number = 0;
    const auto [stop, error] = std::from_chars(std::min(digits, text.data() + text.size()),
                                               text.data() + text.size(), number);
    const bool closed = !braces || (stop != text.data() + text.size() && *stop == '}');
    if (error != std::errc() || !closed) {
      out += '$';
      text.remove_prefix(1);
      continue;
    }
    if (number >= 1 && number <= stars.size()) out += stars[number - 1];
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + (braces ? 1 : 0));
  }
  return out;
}

Mapping::Mapping(sdk::Value rules, const ObserverShape& otherwise, std::int64_t ttl_ms) {
  for (const nx_value& item : rules.items()) {
    const sdk::Value from(&item);
    Rule& rule = rules_.emplace_back();
    each_part(from["match"].get<std::string_view>(), [&](std::string_view part) {
      rule.parts.emplace_back(part);
      return true;
    });
    rule.name = from["name"].get<std::string>();
    for (const nx_kv& label : from["labels"].entries()) {
      rule.labels.emplace_back(view(label.key), sdk::Value(&label.value).get<std::string_view>());
    }
    rule.type = from["match_metric_type"].get<std::string>();
    rule.drop = from["action"].get<std::string_view>() == "drop";
    rule.shape.histogram = otherwise.histogram;
    if (from["observer_type"]) {
      rule.shape.histogram = from["observer_type"].get<std::string_view>() == "histogram";
    }
    rule.shape.buckets = read_numbers(from["buckets"], otherwise.buckets);
    rule.shape.quantiles = read_numbers(from["quantiles"], otherwise.quantiles);
    rule.ttl_ms = from["ttl"].get<std::int64_t>(ttl_ms);
  }
}

std::optional<Mapped> Mapping::find(std::string_view name, Kind kind) const {
  Mapped mapped;
  for (const Rule& rule : rules_) {
    if (!rule.type.empty() && rule.type != type_of(kind)) continue;
    if (!fits(rule, name, mapped.stars)) continue;
    mapped.rule = &rule;
    return mapped;
  }
  return std::nullopt;
}

std::vector<double> read_numbers(sdk::Value list, std::vector<double> otherwise) {
  if (!list) return otherwise;
  std::vector<double> numbers;
  for (const nx_value& item : list.items()) numbers.push_back(sdk::Value(&item).get<double>());
  return numbers;
}

Status check_mappings(sdk::Host host, sdk::Value rules) {
  for (const nx_value& rule : rules.items()) {
    const Status status = check_rule(host, sdk::Value(&rule));
    if (!status.ok()) return status;
  }
  return Status();
}

Status check_bounds(sdk::Host host, sdk::Value buckets, sdk::Value quantiles) {
  const std::vector<double> bounds = read_numbers(buckets, {});
  if (std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) != bounds.end()) {
    return host.config_error(buckets, "buckets must rise");
  }
  return quantiles && quantiles.items().empty()
             ? host.config_error(quantiles, "quantiles must not be empty")
             : Status();
}

}  // namespace narthex::ingest::statsd
