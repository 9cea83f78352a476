// SPDX-License-Identifier: Apache-2.0
#include "scrape/target.hpp"

#include "document/document.hpp"
#include "scrape/target_url.hpp"

#include <xxhash.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace narthex::scrape {
namespace {

constexpr std::string_view kAddress = "__address__";
constexpr std::string_view kScheme = "__scheme__";
constexpr std::string_view kMetricsPath = "__metrics_path__";
constexpr std::string_view kInterval = "__scrape_interval__";
constexpr std::string_view kTimeout = "__scrape_timeout__";
constexpr std::string_view kParamPrefix = "__param_";
constexpr std::string_view kMetaPrefix = "__meta_";

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::uint64_t hash_of(const Labels& labels, std::string_view url) {
  constexpr char kEnd = '\xFF';  // no byte of UTF-8 text
  std::string bytes;
  for (const auto& [name, value] : labels) {
    ((bytes += name) += kEnd) += value;
    bytes += kEnd;
  }
  bytes += url;
  return XXH3_64bits(bytes.data(), bytes.size());
}

// Only what begins without "__", in memory of just the size.
Labels public_labels(const Labels& labels) {
  Labels kept;
  for (const auto& [name, value] : labels) {
    if (!name.starts_with("__")) kept.set(name, value);
  }
  return kept;
}

struct Schedule {
  std::int64_t interval_ms = 0;
  std::int64_t timeout_ms = 0;
};

Result<Schedule> schedule_of(const Labels& labels) {
  const std::string_view interval = labels.get(kInterval);
  const auto interval_ms = document::parse_duration_ms(interval);
  if (!interval_ms.ok()) return interval_ms.status().with_prefix("error parsing scrape interval");
  if (*interval_ms == 0) return invalid_data("scrape interval cannot be 0");
  const std::string_view timeout = labels.get(kTimeout);
  const auto timeout_ms = document::parse_duration_ms(timeout);
  if (!timeout_ms.ok()) return timeout_ms.status().with_prefix("error parsing scrape timeout");
  if (*timeout_ms == 0) return invalid_data("scrape timeout cannot be 0");
  if (*timeout_ms > *interval_ms) {
    return invalid_data("scrape timeout cannot be greater than scrape interval (" +
                        quoted(timeout) + " > " + quoted(interval) + ")");
  }
  return Schedule{*interval_ms, *timeout_ms};
}

// Walks three sorted label sets at once.
class Merge {
 public:
  explicit Merge(const Labels& labels) : at_(labels.begin()), end_(labels.end()) {}
  bool done() const { return at_ == end_; }
  const Labels::Entry& entry() const { return *at_; }
  void skip(std::string_view name) {
    if (!done() && at_->first == name) ++at_;
  }

 private:
  decltype(std::declval<const Labels&>().begin()) at_;
  decltype(std::declval<const Labels&>().end()) end_;
};

}  // namespace

Result<std::shared_ptr<const TargetRules>> TargetRules::compile(const JobOptions& options) {
  auto relabeling = relabel::Program::compile(options.relabel_configs);
  if (!relabeling.ok()) return relabeling.status();
  auto rules = std::make_shared<TargetRules>();
  rules->job_ = options.job_name;
  rules->limits_ = options.limits;
  rules->relabeling_ = *std::move(relabeling);
  rules->params_ = options.params;
  std::stable_sort(rules->params_.begin(), rules->params_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Labels& defaults = rules->defaults_;
  defaults.set("job", options.job_name);
  defaults.set(kInterval, document::format_duration_ms(options.interval_ms));
  defaults.set(kTimeout, document::format_duration_ms(options.timeout_ms));
  defaults.set(kMetricsPath, options.metrics_path);
  defaults.set(kScheme, options.scheme);
  for (const auto& [name, value] : rules->params_) {
    const std::string label = std::string(kParamPrefix) + name;
    if (!defaults.has(label)) defaults.set(label, value);  // the first of several values
  }
  return std::shared_ptr<const TargetRules>(std::move(rules));
}

Labels TargetRules::discovered(const Labels& target, const Labels& group) const {
  Labels all;
  Merge sources[] = {Merge(target), Merge(group), Merge(defaults_)};  // the first wins
  while (true) {
    const Labels::Entry* next = nullptr;
    for (const Merge& source : sources) {
      if (source.done()) continue;
      if (next == nullptr || source.entry().first < next->first) next = &source.entry();
    }
    if (next == nullptr) return all;
    all.set(next->first, next->second);
    for (Merge& source : sources) source.skip(next->first);
  }
}

Result<TargetPtr> TargetRules::make(const Labels& target, const Labels& group) const {
  Labels labels = discovered(target, group);
  if (!relabeling_.apply(labels) || labels.empty()) return TargetPtr();
  return finish(std::move(labels));
}

Result<TargetPtr> TargetRules::finish(Labels labels) const {
  const std::string address(labels.get(kAddress));
  if (address.empty()) return invalid_data("no address");
  if (address.find('/') != std::string::npos) {
    return invalid_data(quoted(address) + " is not a valid hostname");
  }
  const Result<Schedule> schedule = schedule_of(labels);
  if (!schedule.ok()) return schedule.status();
  labels.erase_if([](const Labels::Entry& e) { return e.first.starts_with(kMetaPrefix); });
  if (!labels.has("instance")) labels.set("instance", address);

  auto target = std::make_shared<Target>();
  target->url = url_of(labels);
  target->hash = hash_of(labels, target->url);
  target->labels = public_labels(labels);
  target->interval_ms = schedule->interval_ms;
  target->timeout_ms = schedule->timeout_ms;
  return TargetPtr(std::move(target));
}

// The job's parameters, the first value of each replaced by its __param_ label; labels of that kind
// that name no parameter of the job add one.
std::string TargetRules::url_of(const Labels& labels) const {
  std::vector<UrlParam> params;
  std::string_view before;
  for (const auto& [name, value] : params_) {
    const bool first = params.empty() || name != before;
    before = name;
    const std::string_view given = first ? labels.get(std::string(kParamPrefix) + name) : "";
    params.emplace_back(name, given.empty() ? std::string_view(value) : given);
  }
  const std::size_t known = params.size();
  for (const auto& [name, value] : labels) {
    if (!name.starts_with(kParamPrefix)) continue;
    const std::string_view key = std::string_view(name).substr(kParamPrefix.size());
    if (!net::has(params_, key)) params.emplace_back(key, value);
  }
  std::inplace_merge(params.begin(), params.begin() + static_cast<std::ptrdiff_t>(known),
                     params.end(),
                     [](const UrlParam& a, const UrlParam& b) { return a.first < b.first; });
  std::string url =
      to_string({labels.get(kScheme), labels.get(kAddress), labels.get(kMetricsPath), params});
  url.shrink_to_fit();
  return url;
}

}  // namespace narthex::scrape
