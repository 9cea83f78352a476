// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/statsd/aggregates.hpp"

#include <narthex/sdk/decimal.hpp>
#include <narthex/sdk/quote.hpp>

#include <algorithm>

namespace narthex::ingest::statsd {
namespace {

constexpr std::size_t kMembersMax = 65'536;

std::string_view word_for(Shape shape) {
  switch (shape) {
    case Shape::kCounter:
      return "counter";
    case Shape::kGauge:
      return "gauge";
    case Shape::kSet:
      return "set";
    case Shape::kSummary:
      return "summary";
    default:
      return "histogram";
  }
}

Shape shape_of(Kind kind, const ObserverShape& observer) {
  switch (kind) {
    case Kind::kCounter:
      return Shape::kCounter;
    case Kind::kGauge:
      return Shape::kGauge;
    case Kind::kSet:
      return Shape::kSet;
    default:
      return observer.histogram ? Shape::kHistogram : Shape::kSummary;
  }
}

void set_label(sdk::OwnedLabels& labels, std::string name, std::string value) {
  if (name == kMetricName) return;
  std::erase_if(labels, [&](const auto& label) { return label.first == name; });
  if (!value.empty()) labels.emplace_back(std::move(name), std::move(value));
}

sdk::SeriesKey key_of(const Aggregate& aggregate, const Row& row) {
  sdk::SeriesKeyBuilder builder;
  builder.add(row.name).add(row.dimension.first).add(row.dimension.second);
  for (const auto& [name, value] : aggregate.labels) builder.add(name).add(value);
  return builder.key();
}

sdk::SeriesKey identity_of(const Aggregate& aggregate) {
  sdk::SeriesKeyBuilder builder;
  builder.add(word_for(aggregate.shape)).add(aggregate.name);
  for (const auto& [name, value] : aggregate.labels) builder.add(name).add(value);
  return builder.key();
}

// The rows of an aggregate: value_of() counts on this order.
void make_rows(Aggregate& aggregate) {
  const auto add = [&](std::string suffix, std::string_view dimension = {},
                       std::string value = {}) {
    Row row{{}, aggregate.name + suffix, {dimension, std::move(value)}};
    row.key = key_of(aggregate, row);
    aggregate.rows.push_back(std::move(row));
  };
  if (aggregate.shape == Shape::kHistogram) {
    for (const double bound : aggregate.observer.buckets) {
      add("_bucket", "le", sdk::format_label_number(bound));
    }
    add("_bucket", "le", "+Inf");
  } else if (aggregate.shape == Shape::kSummary) {
    for (const double q : aggregate.observer.quantiles) {
      add("", "quantile", sdk::format_label_number(q));
    }
  } else {
    return add("");
  }
  add("_sum");
  add("_count");
}

}  // namespace

void Aggregate::take(const Measure& measure) {
  const double weight = 1 / measure.rate;
  switch (shape) {
    case Shape::kCounter:
      value += measure.value * weight;
      return;
    case Shape::kGauge:
      value = measure.relative ? value + measure.value : measure.value;
      return;
    case Shape::kSet:
      if (members.size() < kMembersMax) {
        members.insert(sdk::SeriesKeyBuilder().add(measure.text).key().low);
      }
      return;
    default:
      break;
  }
  // Timers come in milliseconds, and Prometheus's unit of time is the second.
  const double observed = measure.kind == Kind::kTimer ? measure.value / 1000 : measure.value;
  count += weight;
  sum += observed * weight;
  if (shape == Shape::kHistogram) {
    buckets.add(observed, weight, observer.buckets);
  } else {
    sample.add(observed);
  }
}

double Aggregate::value_of(std::size_t row) {
  if (shape == Shape::kCounter || shape == Shape::kGauge) return value;
  if (shape == Shape::kSet) return static_cast<double>(members.size());
  if (row + 1 == rows.size()) return count;
  if (row + 2 == rows.size()) return sum;
  if (shape == Shape::kSummary) return sample.quantile(observer.quantiles[row]);
  return row < observer.buckets.size() ? buckets.up_to(row) : count;
}

void Aggregate::end_interval() {
  sample.clear();
  members.clear();
}

std::string Aggregates::take(const StatsdLine& line, const Measure& measure, std::int64_t mono_ns) {
  Found found = find(line, measure.kind);
  if (found.aggregate == nullptr) return std::move(found.fault);
  found.aggregate->touched_ns = mono_ns;
  found.aggregate->take(measure);
  return {};
}

Aggregates::Found Aggregates::find(const StatsdLine& line, Kind kind) {
  sdk::SeriesKeyBuilder builder;
  const char kind_text = static_cast<char>(kind);
  const sdk::SeriesKey key = builder.add({&kind_text, 1}).add(line.name()).add(line.tags()).key();
  if (const auto at = by_text_.find(key); at != by_text_.end()) return {at->second, {}};
  std::vector<sdk::SeriesLabels::Label> tags;
  const std::string_view name = read_tags(line.name(), line.tags(), tags);
  if (!sdk::is_utf8(line.name()) || !sdk::is_utf8(line.tags())) {
    return {nullptr, "the name or a tag of " + sdk::quote_excerpt(name) + " is not valid UTF-8"};
  }
  sdk::OwnedLabels labels;
  for (const auto& [tag, value] : tags) {
    set_label(labels, options_.legacy_names ? sdk::legacy_name(tag, false) : std::string(tag),
              std::string(value));
  }
  const std::optional<Mapped> mapped = mapping_.find(name, kind);
  Found found;
  if (!mapped || !mapped->rule->drop) {
    found = make(std::string(name), std::move(labels), kind, mapped ? &*mapped : nullptr);
  }
  if (!found.fault.empty()) return found;
  if (by_text_.size() >= 2 * options_.series_max) by_text_.clear();
  by_text_.emplace(key, found.aggregate);
  return found;
}

Aggregates::Found Aggregates::make(std::string name, sdk::OwnedLabels labels, Kind kind,
                                   const Mapped* mapped) {
  auto made = std::make_unique<Aggregate>();
  made->observer = mapped != nullptr ? mapped->rule->shape : options_.observer;
  made->ttl_ms = mapped != nullptr ? mapped->rule->ttl_ms : options_.ttl_ms;
  made->shape = shape_of(kind, made->observer);
  made->name = mapped != nullptr ? mapped->expand(mapped->rule->name) : std::move(name);
  if (options_.legacy_names) made->name = sdk::legacy_name(made->name, true);
  made->labels = std::move(labels);
  if (mapped != nullptr) {
    for (const auto& [label, text] : mapped->rule->labels) {
      set_label(made->labels, label, mapped->expand(text));
    }
  }
  std::sort(made->labels.begin(), made->labels.end());
  const sdk::SeriesKey key = identity_of(*made);
  if (const auto at = all_.find(key); at != all_.end()) return {at->second.get(), {}};
  make_rows(*made);
  if (std::string fault = claim_name(*made); !fault.empty()) return {nullptr, std::move(fault)};
  Aggregate* const kept = made.get();
  all_.emplace(key, std::move(made));
  return {kept, {}};
}

// One name, one type: a mixture could not be read back.
std::string Aggregates::claim_name(const Aggregate& aggregate) {
  if (aggregate.name.empty()) return "a metric without a name";
  if (all_.size() >= options_.series_max) {
    return "more than " + std::to_string(options_.series_max) + " series (series_max)";
  }
  const auto [at, is_new] = names_.try_emplace(aggregate.name, aggregate.shape, 0);
  auto& [shape, count] = at->second;
  if (shape != aggregate.shape) {
    return "metric " + sdk::quote_excerpt(aggregate.name) + " is a " +
           std::string(word_for(shape)) + " already, and no " +
           std::string(word_for(aggregate.shape));
  }
  ++count;
  return {};
}

bool Aggregates::is_expired(const Aggregate& aggregate, std::int64_t mono_ns) {
  return aggregate.ttl_ms != 0 && mono_ns - aggregate.touched_ns >= aggregate.ttl_ms * 1'000'000;
}

void Aggregates::end_interval(std::int64_t mono_ns) {
  const std::size_t before = all_.size();
  std::erase_if(all_, [&](auto& entry) {
    Aggregate& aggregate = *entry.second;
    aggregate.described = true;
    aggregate.end_interval();
    if (!is_expired(aggregate, mono_ns)) return false;
    const auto name = names_.find(aggregate.name);
    if (--name->second.second == 0) names_.erase(name);
    return true;
  });
  if (all_.size() != before) by_text_.clear();  // it points to what is gone
}

}  // namespace narthex::ingest::statsd
