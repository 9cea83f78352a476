// SPDX-License-Identifier: Apache-2.0
// Taking metric names off. Series that differed in nothing else then fall together.
#include "promql/operators.hpp"
#include "promql/merge_series.hpp"

#include <algorithm>
#include <limits>

namespace narthex::promql {

namespace {

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
constexpr const char* kSameLabels = "vector cannot contain metrics with the same labelset";

bool is_empty(const Batch& batch, std::size_t series) {
  const std::uint8_t* first = &batch.present[series * batch.step_count];
  return std::count(first, first + batch.step_count, std::uint8_t{1}) == 0;
}

class DropNames final : public Stream {
 public:
  DropNames(Context& context, StreamPtr of) : context_(context), of_(std::move(of)) {}

  bool next(Batch& out) override {
    if (!of_->next(out)) return false;
    if (context_.options.delayed_name_removal) {
      out.drop_name.assign(out.series_count(), 1);
    } else {
      for (LabelSet& set : out.labels) set = context_.labels.without_metadata(set);
    }
    return true;
  }

 private:
  Context& context_;
  StreamPtr of_;
};

class KeepNames final : public Stream {
 public:
  explicit KeepNames(StreamPtr of) : of_(std::move(of)) {}

  bool next(Batch& out) override {
    if (!of_->next(out)) return false;
    out.drop_name.clear();
    return true;
  }

 private:
  StreamPtr of_;
};

class Merge final : public Stream {
 public:
  Merge(Context& context, StreamPtr of, Collision collision)
      : context_(context), of_(std::move(of)), collision_(collision) {}

  bool next(Batch& out) override {
    if (merged_ == nullptr) {
      Held all(context_);
      if (!drain(context_, *of_, all)) return false;
      if (!merge_equal_series(context_, all.batch, collision_)) return false;
      merged_ = materialized(context_, std::move(all));
    }
    return merged_->next(out);
  }

 private:
  Context& context_;
  StreamPtr of_;
  const Collision collision_;
  StreamPtr merged_;
};

// In place of all: so many series, each the sum of those with that target. Equal ones come in
// order, so that a target is there before it is met again.
bool merge_series(Context& context, Batch& all, const Column<std::size_t>& target,
                  std::size_t count) {
  Batch merged;
  merged.clear(all.step_count);
  merged.reserve(count);
  for (std::size_t s = 0; s < all.series_count(); ++s) {
    if (context.stop_after(all.step_count)) return false;
    if (target[s] == kNowhere) continue;
    if (target[s] == merged.series_count()) {
      append_series(merged, all, s);
    } else if (!merge_into(merged, target[s], all, s)) {
      return context.fail(ErrorKind::kExecution, kSameLabels);
    }
  }
  all = std::move(merged);
  return true;
}

}  // namespace

bool merge_equal_series(Context& context, Batch& all, Collision collision) {
  LabelSetMap<std::size_t> seen;  // where a label set is in the merged batch
  Column<std::size_t> target;     // [series], or kNowhere
  target.reserve(all.series_count());
  for (std::size_t s = 0; s < all.series_count(); ++s) {
    if (context.stop_after(kWorkOfKey + all.step_count)) return false;
    if (collision == Collision::kRefuse && is_empty(all, s)) {
      target.push_back(kNowhere);  // without a value a series is not there
      continue;
    }
    const auto [known, is_new] = seen.try_emplace(all.labels[s], seen.size());
    if (!is_new && collision == Collision::kRefuse) {
      return context.fail(ErrorKind::kExecution, kSameLabels);
    }
    target.push_back(*known);
  }
  // Most often all are different, and nothing has to move.
  return seen.size() == all.series_count() || merge_series(context, all, target, seen.size());
}

bool merge_into(Batch& to, std::size_t target, const Batch& from, std::size_t source) {
  if (!from.h.empty()) to.need_histograms();
  for (std::size_t i = 0; i < from.step_count; ++i) {
    const std::size_t a = target * to.step_count + i;
    const std::size_t b = source * from.step_count + i;
    if (from.present[b] == 0) continue;
    if (to.present[a] != 0) return false;
    to.present[a] = 1;
    to.v[a] = from.v[b];
    if (!from.h.empty()) to.h[a] = from.h[b];
  }
  return true;
}

StreamPtr drop_names(Context& context, StreamPtr of, bool may_collide, Collision collision) {
  StreamPtr dropped = std::make_unique<DropNames>(context, std::move(of));
  if (!may_collide || context.options.delayed_name_removal) return dropped;
  return merge_equal(context, std::move(dropped), collision);
}

StreamPtr keep_names(StreamPtr of) { return std::make_unique<KeepNames>(std::move(of)); }

StreamPtr merge_equal(Context& context, StreamPtr of, Collision collision) {
  return std::make_unique<Merge>(context, std::move(of), collision);
}

}  // namespace narthex::promql
