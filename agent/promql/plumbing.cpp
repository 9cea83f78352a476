// SPDX-License-Identifier: Apache-2.0
// Operators that compute nothing: they gather, repeat and wrap.
#include "promql/operators.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace narthex::promql {

namespace {

// Yields what it holds: as it is when that is little, else a slice at a time.
class Materialized final : public Stream {
 public:
  Materialized(Context& context, Held held) : context_(context), held_(std::move(held)) {}

  bool next(Batch& out) override {
    const Batch& batch = held_.batch;
    if (context_.stop() || next_ >= batch.series_count()) return false;
    const std::size_t last =
        std::min(batch.series_count(), next_ + series_per_batch(batch.step_count));
    if (next_ == 0 && last == batch.series_count()) {
      std::swap(out, held_.batch);
      held_.batch.clear(out.step_count);
      return true;
    }
    out.clear(batch.step_count);
    out.reserve(last - next_);
    for (; next_ < last; ++next_) append_series(out, batch, next_);
    return true;
  }

 private:
  Context& context_;
  Held held_;
  std::size_t next_ = 0;
};

class Broadcast final : public Stream {
 public:
  Broadcast(Context& context, StreamPtr of, const Grid& grid)
      : context_(context), of_(std::move(of)), steps_(grid.count) {}

  bool next(Batch& out) override {
    if (position_ >= input_.series_count()) {
      if (context_.stop() || !of_->next(input_)) return false;
      position_ = 0;
    }
    out.clear(steps_);
    if (!input_.h.empty()) out.need_histograms();
    const std::size_t last = std::min(input_.series_count(), position_ + series_per_batch(steps_));
    for (; position_ < last; ++position_) repeat(position_, out);
    return true;
  }

 private:
  void repeat(std::size_t series, Batch& out) {
    const std::size_t first = out.add(input_.labels[series]);
    std::fill_n(out.v.begin() + static_cast<std::ptrdiff_t>(first), steps_, input_.v[series]);
    std::fill_n(out.present.begin() + static_cast<std::ptrdiff_t>(first), steps_,
                input_.present[series]);
    if (!input_.h.empty()) {
      out.need_histograms();
      std::fill_n(out.h.begin() + static_cast<std::ptrdiff_t>(first), steps_, input_.h[series]);
    }
    if (input_.drops_name(series)) {
      out.need_drop_names();
      out.drop_name.back() = 1;
    }
  }

  Context& context_;
  StreamPtr of_;
  const std::uint32_t steps_;
  Batch input_;
  std::size_t position_ = 0;
};

}  // namespace

bool keep_batches(Stream& stream, std::vector<Batch>& out, HeldSamples& held) {
  for (Batch part; stream.next(part); part = {}) {
    const auto present = std::count(part.present.begin(), part.present.end(), std::uint8_t{1});
    if (!held.add(static_cast<std::uint64_t>(present))) return false;
    if (part.series_count() > 0) out.push_back(std::move(part));
  }
  return held.ok();
}

// Columns that grew by themselves would move all they hold again and again, each time in one go: so
// the parts are kept until their number is known, and go one by one as they are copied.
bool put_together(Context& context, std::vector<Batch>& parts, Batch& out) {
  if (parts.empty()) return true;
  out = std::move(parts.front());
  if (parts.size() == 1) return true;
  std::size_t series_count = out.series_count();
  for (const Batch& part : std::span(parts).subspan(1)) series_count += part.series_count();
  out.reserve(series_count);
  for (Batch& part : std::span(parts).subspan(1)) {
    for (std::size_t s = 0; s < part.series_count(); ++s) {
      if (context.stop_after(part.step_count)) return false;
      append_series(out, part, s);
    }
    part = Batch();
  }
  return true;
}

bool drain(Context& context, Stream& stream, Held& out) {
  std::vector<Batch> parts;
  return keep_batches(stream, parts, out.samples) && put_together(context, parts, out.batch);
}

StreamPtr materialized(Context& context, Held held) {
  return std::make_unique<Materialized>(context, std::move(held));
}

StreamPtr materialized(Context& context, Batch batch) {
  Held held(context);
  held.batch = std::move(batch);
  return materialized(context, std::move(held));
}

StreamPtr broadcast(Context& context, StreamPtr of, const Grid& grid) {
  return std::make_unique<Broadcast>(context, std::move(of), grid);
}

StreamPtr from_scalar(Context& context, ScalarColumn column) {
  Batch batch;
  batch.step_count = static_cast<std::uint32_t>(column.size());
  batch.labels.emplace_back();
  batch.present.assign(column.size(), 1);
  batch.v = std::move(column);
  return materialized(context, std::move(batch));
}

}  // namespace narthex::promql
