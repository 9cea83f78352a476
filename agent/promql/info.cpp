// SPDX-License-Identifier: Apache-2.0
// info(): every series gets the labels of the info metrics that have its instance and job. At each
// step the newest info sample counts, by the time it was taken.
#include "promql/counted_map.hpp"
#include "promql/merge_series.hpp"
#include "promql/operators.hpp"
#include "promql/reference_times.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>

namespace narthex::promql {

namespace {

constexpr std::string_view kTargetInfo = "target_info";
constexpr std::array<std::string_view, 2> kIdentifying = {"instance", "job"};
constexpr std::size_t kNoSeries = ~std::size_t{0};

// The first selector of an expression, as it is written.
const VectorSelector* first_selector(const Expr& root) {
  const Expr* leftmost = nullptr;
  left_spine(root, leftmost);
  const Expr& expr = *leftmost;
  const auto one_of = [&](const std::vector<const BinaryExpr*>& chain) -> const VectorSelector* {
    for (const BinaryExpr* link : chain) {
      if (const VectorSelector* found = first_selector(*link->rhs)) return found;
    }
    return nullptr;
  };
  const VectorSelector* found = nullptr;
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      return &as<VectorSelector>(expr);
    case ExprKind::kMatrixSelector:
      return as<MatrixSelector>(expr).selector;
    case ExprKind::kSubquery:
      found = first_selector(*as<SubqueryExpr>(expr).expr);
      break;
    case ExprKind::kAggregate:
      found = first_selector(*as<AggregateExpr>(expr).expr);
      break;
    case ExprKind::kUnary:
      found = first_selector(*as<UnaryExpr>(expr).expr);
      break;
    case ExprKind::kParen:
      found = first_selector(*as<ParenExpr>(expr).expr);
      break;
    case ExprKind::kCall:
      for (const Expr* arg : as<CallExpr>(expr).args) {
        if (found == nullptr) found = first_selector(*arg);
      }
      break;
    default:
      break;
  }
  return found != nullptr || &expr == &root ? found : one_of(left_spine(root, leftmost));
}

void append_literal(std::string& pattern, std::string_view text) {
  constexpr std::string_view kSpecial = "\\.+*?()|[]{}^$";
  for (const char c : text) {
    if (kSpecial.find(c) != kSpecial.npos) pattern += '\\';
    pattern += c;
  }
}

class InfoJoin {
 public:
  InfoJoin(Context& context, const CallExpr& call, const Grid& grid)
      : context_(context), call_(call), grid_(grid), base_(context), info_(context) {
    for (std::size_t i = 0; i < kIdentifying.size(); ++i) {
      identifying_[i] = context.labels.intern(kIdentifying[i]);
    }
    read_matchers();
  }

  bool run(Stream& base, Batch& out) {
    if (!drain(context_, base, base_)) return false;
    mark_info_series();
    if (context_.failed() || !fetch()) return false;
    return check_duplicates() && combine(out);
  }

 private:
  using Signature = std::array<Symbol, kIdentifying.size()>;

  // Info series of one name and one target, in the order of the storage.
  struct Metric {
    Column<std::size_t> series;
  };
  template <class Key, class T>
  using Sorted = std::map<Key, T, std::less<Key>, CountedAllocator<std::pair<const Key, T>>>;
  using Target = Sorted<Symbol, Metric>;  // by name

  void read_matchers();
  void mark_info_series();
  bool fetch();
  bool add_target_matchers(std::vector<LabelMatcher>& out) const;
  TimeBounds bounds() const;
  bool check_duplicates();
  bool check_duplicates_at(const Metric& metric, std::uint32_t step);
  bool combine(Batch& out);
  bool combine_series(std::size_t series, Batch& out);
  bool add_labels(std::size_t series, const Target* target, std::uint32_t step, LabelSet& out,
                  bool& kept);
  std::size_t newest(const Metric& metric, std::uint32_t step) const;
  bool wants(Symbol name) const { return wanted_.empty() || wanted_.count(name) != 0; }
  Signature signature(const LabelSet& set) const {
    Signature out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = set.get(identifying_[i]);
    return out;
  }
  std::int64_t taken_ms(std::size_t series, std::uint32_t step) const {
    return std::llround(info_.batch.v[series * grid_.count + step] * 1000);
  }
  bool taken(std::size_t series, std::uint32_t step) const {
    return info_.batch.present[series * grid_.count + step] != 0;
  }

  Context& context_;
  const CallExpr& call_;
  const Grid& grid_;
  Held base_;
  Held info_;
  std::array<Symbol, kIdentifying.size()> identifying_{};
  std::vector<const LabelMatcher*> matchers_;       // of the second argument
  std::vector<const LabelMatcher*> name_matchers_;  // those of them on the name
  std::set<Symbol> wanted_;                         // labels to add; empty: all
  bool must_match_ = false;                         // a series without info is left out
  bool has_targets_ = false;
  Column<std::uint8_t> is_info_;  // [base series]
  Sorted<Signature, Target> targets_;
  LabelSetMap<std::size_t> outputs_;
};

void InfoJoin::read_matchers() {
  if (call_.args.size() < 2) return;
  for (const LabelMatcher& matcher : as<VectorSelector>(*call_.args[1]).matchers) {
    matchers_.push_back(&matcher);
    if (matcher.name == kMetricName) name_matchers_.push_back(&matcher);
  }
}

// An info metric gets no labels of info metrics.
void InfoJoin::mark_info_series() {
  const Batch& batch = base_.batch;
  is_info_.assign(batch.series_count(), 0);
  for (std::size_t s = 0; s < batch.series_count(); ++s) {
    if (context_.stop_after(kWorkOfText)) return;
    const std::string_view name = context_.labels.name_of(batch.labels[s]);
    if (call_.args.size() < 2) {
      is_info_[s] = name == kTargetInfo ? 1 : 0;
    } else if (!name_matchers_.empty()) {
      is_info_[s] = std::all_of(name_matchers_.begin(), name_matchers_.end(),
                                [name](const LabelMatcher* m) { return m->matches(name); })
                        ? 1
                        : 0;
    }
  }
}

// What the targets of the base series are called.
bool InfoJoin::add_target_matchers(std::vector<LabelMatcher>& out) const {
  for (std::size_t i = 0; i < kIdentifying.size(); ++i) {
    std::set<Symbol> values;
    for (std::size_t s = 0; s < base_.batch.series_count(); ++s) {
      const Symbol value = base_.batch.labels[s].get(identifying_[i]);
      if (is_info_[s] == 0 && value != LabelStore::kEmpty) values.insert(value);
    }
    if (values.empty()) continue;
    std::string pattern;
    for (const Symbol value : values) {
      if (!pattern.empty()) pattern += '|';
      append_literal(pattern, context_.labels.text(value));
    }
    Result<regex::Regex> compiled = regex::Regex::compile(pattern);
    if (!compiled.ok()) return context_.fail(ErrorKind::kExecution, compiled.status().message());
    out.push_back(
        {NX_MATCH_RE, std::string(kIdentifying[i]), std::move(pattern), *std::move(compiled)});
  }
  return true;
}

// Info samples are looked for where the first selector of the base looks, and nowhere else.
TimeBounds InfoJoin::bounds() const {
  TimeBounds out{grid_.start_ms, grid_.end_ms()};
  std::int64_t offset_ms = 0;
  if (const VectorSelector* selector = first_selector(*call_.args[0])) {
    const ReferenceTimes reference(context_, selector->shift, grid_);
    if (reference.fixed) out = {reference.fixed_ms, reference.fixed_ms};
    offset_ms = reference.offset_ms;
  }
  out.from_ms -= context_.options.lookback_ms - 1 + offset_ms;
  out.until_ms -= offset_ms;
  return out;
}

bool InfoJoin::fetch() {
  VectorSelector selector({});
  if (!add_target_matchers(selector.matchers)) return false;
  has_targets_ = !selector.matchers.empty();
  for (const LabelMatcher* matcher : matchers_) {
    if (matcher->name == kMetricName && has_targets_) continue;
    wanted_.insert(context_.labels.intern(matcher->name));
    must_match_ = must_match_ || !matcher->matches("");
  }
  if (!has_targets_) return true;
  for (const LabelMatcher* matcher : matchers_) selector.matchers.push_back(*matcher);
  if (name_matchers_.empty()) {
    selector.matchers.push_back(
        {NX_MATCH_EQ, std::string(kMetricName), std::string(kTargetInfo), std::nullopt});
  }
  const StreamPtr stream =
      select_instant(context_, selector, grid_, SelectValue::kInfoTimestamp, bounds());
  if (!drain(context_, *stream, info_)) return false;
  const Batch& batch = info_.batch;
  for (std::size_t s = 0; s < batch.series_count(); ++s) {
    const LabelSet& set = batch.labels[s];
    const std::size_t first = s * grid_.count;
    if (!batch.h.empty() &&
        std::any_of(&batch.h[first], &batch.h[first] + grid_.count, [](auto* h) { return h; })) {
      return context_.fail(
          ErrorKind::kExecution,
          "this should be an info metric, with float samples: " + context_.labels.print(set));
    }
    targets_[signature(set)][set.get(context_.labels.metric_name())].series.push_back(s);
  }
  return true;
}

bool InfoJoin::check_duplicates_at(const Metric& metric, std::uint32_t step) {
  std::size_t best = kNoSeries;
  for (const std::size_t s : metric.series) {
    if (!taken(s, step)) continue;
    if (best != kNoSeries && taken_ms(best, step) == taken_ms(s, step)) {
      return context_.fail(ErrorKind::kExecution,
                           "found duplicate series for info metric " +
                               std::string(context_.labels.name_of(info_.batch.labels[s])));
    }
    if (best == kNoSeries || taken_ms(best, step) < taken_ms(s, step)) best = s;
  }
  return true;
}

// Steps at which there is no base do not ask for info.
bool InfoJoin::check_duplicates() {
  Column<std::uint8_t> asks(grid_.count, 0);
  for (std::size_t i = 0; i < base_.batch.size(); ++i) {
    if (context_.stop_after(1)) return false;
    asks[i % grid_.count] |= base_.batch.present[i];
  }
  for (const auto& [signature, target] : targets_) {
    for (const auto& [name, metric] : target) {
      if (metric.series.size() < 2) continue;
      if (context_.stop()) return false;
      for (std::uint32_t step = 0; step < grid_.count; ++step) {
        if (asks[step] != 0 && !check_duplicates_at(metric, step)) return false;
      }
    }
  }
  return true;
}

std::size_t InfoJoin::newest(const Metric& metric, std::uint32_t step) const {
  std::size_t best = kNoSeries;
  for (const std::size_t s : metric.series) {
    if (!taken(s, step)) continue;
    if (best == kNoSeries || taken_ms(best, step) < taken_ms(s, step)) best = s;
  }
  return best;
}

// The labels of a series at a step; `kept` is false when it is left out for want of info.
bool InfoJoin::add_labels(std::size_t series, const Target* target, std::uint32_t step,
                          LabelSet& out, bool& kept) {
  const LabelSet& own = base_.batch.labels[series];
  std::vector<LabelPair> added;
  for (const auto& [name, metric] : target != nullptr ? *target : Target{}) {
    const std::size_t info = newest(metric, step);
    if (info == kNoSeries) continue;
    for (const LabelPair& pair : info_.batch.labels[info]) {
      if (pair.name == context_.labels.metric_name() || !wants(pair.name)) continue;
      const auto known = std::find_if(added.begin(), added.end(), [&](const LabelPair& other) {
        return other.name == pair.name;
      });
      if (known != added.end() && known->value != pair.value) {
        return context_.fail(ErrorKind::kExecution,
                             "conflicting label: " + std::string(context_.labels.text(pair.name)));
      }
      if (known == added.end() && own.get(pair.name) == LabelStore::kEmpty) added.push_back(pair);
    }
  }
  kept = !added.empty() || !must_match_;
  added.insert(added.end(), own.begin(), own.end());
  out = context_.labels.add_unsorted(std::move(added));
  return true;
}

bool InfoJoin::combine_series(std::size_t series, Batch& out) {
  const Batch& batch = base_.batch;
  const auto found = targets_.find(signature(batch.labels[series]));
  const Target* target = found != targets_.end() ? &found->second : nullptr;
  LabelSet set = batch.labels[series];
  std::vector<std::size_t> last;
  std::vector<std::size_t> chosen;
  bool kept = true;
  bool fresh = true;
  for (std::uint32_t step = 0; step < grid_.count; ++step) {
    if (context_.stop_after(kWorkOfKey)) return false;
    const std::size_t from = series * grid_.count + step;
    if (batch.present[from] == 0) continue;
    if (is_info_[series] == 0) {
      chosen.clear();
      for (const auto& [name, metric] : target != nullptr ? *target : Target{}) {
        chosen.push_back(newest(metric, step));
      }
      if ((fresh || chosen != last) && !add_labels(series, target, step, set, kept)) return false;
      fresh = false;
      last = chosen;
    }
    if (!kept) continue;
    const auto [known, is_new] = outputs_.try_emplace(set, out.series_count());
    if (is_new) out.add(set);  // a name that was to go in the end stays
    const std::size_t to = *known * grid_.count + step;
    if (out.present[to] != 0) {
      return context_.fail(ErrorKind::kExecution,
                           "vector cannot contain metrics with the same labelset");
    }
    out.present[to] = 1;
    out.v[to] = batch.v[from];
    if (batch.histogram(from) != nullptr) {
      out.need_histograms();
      out.h[to] = batch.h[from];
    }
  }
  return true;
}

bool InfoJoin::combine(Batch& out) {
  out.clear(grid_.count);
  for (std::size_t s = 0; s < base_.batch.series_count(); ++s) {
    if (context_.stop() || !combine_series(s, out)) return false;
  }
  return true;
}

}  // namespace

StreamPtr info(Context& context, const CallExpr& call, const Grid& grid, StreamPtr base) {
  Batch out;
  if (!InfoJoin(context, call, grid).run(*base, out)) return nullptr;
  return materialized(context, std::move(out));
}

}  // namespace narthex::promql
