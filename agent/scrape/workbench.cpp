// SPDX-License-Identifier: Apache-2.0
#include "scrape/workbench.hpp"

#include <narthex/sdk/text.hpp>

#include <memory>
#include <span>

namespace narthex::scrape {
namespace {

// 64 Ki rows: 1.3 MB of columns may stay.
constexpr std::size_t kRowsKept = 1 << 16;
constexpr std::size_t kIdleMax = 8;

}  // namespace

nx_histogram DeepCopies::copy(const nx_histogram& from) {
  const auto keep = [&](const auto* items, std::size_t count) {
    return arena_.keep(std::span(items, count));
  };
  nx_histogram out = from;
  out.pos_spans = keep(from.pos_spans, from.pos_span_count);
  out.neg_spans = keep(from.neg_spans, from.neg_span_count);
  // Deltas and counts are both eight bytes wide.
  out.pos.deltas = keep(from.pos.deltas, from.pos_bucket_count);
  out.neg.deltas = keep(from.neg.deltas, from.neg_bucket_count);
  out.custom_values = keep(from.custom_values, from.custom_value_count);
  return out;
}

nx_exemplar DeepCopies::copy(const nx_exemplar& from) {
  nx_exemplar out = from;
  auto* const labels = arena_.take<nx_label>(from.label_count);
  for (std::uint32_t i = 0; i < from.label_count; ++i) {
    labels[i] = {to_nx(arena_.keep(view(from.labels[i].name))),
                 to_nx(arena_.keep(view(from.labels[i].value)))};
  }
  out.labels = labels;
  return out;
}

void StartRows::add(std::uint64_t ref, std::int64_t t_ms, const nx_histogram* like) {
  refs.push_back(ref);
  times.push_back(t_ms);
  histogram_at.push_back(like == nullptr ? NX_NONE : static_cast<std::uint32_t>(histograms.size()));
  if (like == nullptr) return;
  nx_histogram& zero = histograms.emplace_back();
  zero.schema = like->schema;
  zero.is_float = like->is_float;
  zero.reset_hint = NX_RESET_YES;
  zero.zero_threshold = like->zero_threshold;
  zero.custom_values = like->custom_values;
  zero.custom_value_count = like->custom_value_count;
}

void StartRows::clear() {
  refs.clear();
  times.clear();
  histogram_at.clear();
  histograms.clear();
}

void RowColumns::clear() {
  refs.clear();
  values.clear();
  times.clear();
  histogram_at.clear();
  histograms.clear();
  exemplars.clear();
  copies.clear();
}

void* Workbench::scratch(const BodyParser& parser) {
  void*& scratch = scratches_[&parser];
  if (scratch == nullptr) scratch = parser.table().scratch_new(parser.instance().self());
  return scratch;
}

void Workbench::trim() {
  rows.clear();
  starts.clear();
  arena.clear();
  if (rows.refs.capacity() <= kRowsKept) return;
  std::destroy_at(&rows);
  std::construct_at(&rows);
  starts = {};
  stale = {};
}

Workbench::~Workbench() {
  for (const auto& [parser, scratch] : scratches_) {
    if (scratch != nullptr) parser->table().scratch_free(scratch);
  }
}

std::unique_ptr<Workbench> WorkbenchShelf::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto workbench = std::move(idle_.back());
      idle_.pop_back();
      return workbench;
    }
  }
  return std::make_unique<Workbench>();
}

void WorkbenchShelf::put_back(std::unique_ptr<Workbench> workbench) {
  workbench->trim();
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(workbench));
}

}  // namespace narthex::scrape
