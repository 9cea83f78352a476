// SPDX-License-Identifier: Apache-2.0
#include "scrape/workbench.hpp"

#include <narthex/sdk/text.hpp>

#include <cstring>

namespace narthex::scrape {
namespace {

// 64 Ki rows: 1.3 MB of columns may stay.
constexpr std::size_t kRowsKept = 1 << 16;
constexpr std::size_t kIdleMax = 8;

}  // namespace

template <class T>
const T* DeepCopies::keep(const T* items, std::size_t count) {
  if (count == 0) return nullptr;
  static_assert(alignof(T) <= alignof(std::uint64_t));
  auto& words = words_.emplace_back((count * sizeof(T) + 7) / 8);
  std::memcpy(words.data(), items, count * sizeof(T));
  return reinterpret_cast<const T*>(words.data());
}

nx_histogram DeepCopies::copy(const nx_histogram& from) {
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
  auto& labels = labels_.emplace_back();
  for (std::uint32_t i = 0; i < from.label_count; ++i) {
    const std::string& name = texts_.emplace_back(view(from.labels[i].name));
    const std::string& value = texts_.emplace_back(view(from.labels[i].value));
    labels.push_back({to_nx(name), to_nx(value)});
  }
  out.labels = labels.data();
  return out;
}

void DeepCopies::clear() {
  words_.clear();
  labels_.clear();
  texts_.clear();
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
  arena.clear();
  if (rows.refs.capacity() <= kRowsKept) return;
  rows = RowColumns();
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
