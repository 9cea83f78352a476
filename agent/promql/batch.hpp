// SPDX-License-Identifier: Apache-2.0
// batch.hpp - what flows between the operators of a query: some series with a value column each,
// over all steps, and streams of such batches.
//
// Element i = series * step_count + step. Presence is a byte, 1 or 0; absent elements hold 0.0. In
// a batch with histograms an element that has one carries it in h, and 0.0 in v.
#pragma once

#include "promql/label_store.hpp"
#include "promql/memory.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace narthex::promql {

struct Batch {
  std::uint32_t step_count = 0;
  Column<LabelSet> labels;  // [series]
  Column<double> v;
  Column<std::uint8_t> present;
  Column<const nx_histogram*> h;   // empty: floats only
  Column<std::uint8_t> drop_name;  // [series], or empty: the name goes at the very end

  std::size_t series_count() const { return labels.size(); }
  std::size_t size() const { return labels.size() * step_count; }

  // Empty, for series over so many steps.
  void clear(std::uint32_t steps) {
    step_count = steps;
    labels.clear();
    v.clear();
    present.clear();
    h.clear();
    drop_name.clear();
  }
  // Appends a series without a value anywhere; returns its first element.
  std::size_t add(const LabelSet& set) {
    const std::size_t first = size();
    labels.push_back(set);
    v.resize(size(), 0.0);
    present.resize(size(), 0);
    if (!h.empty()) h.resize(size(), nullptr);
    if (!drop_name.empty()) drop_name.push_back(0);
    return first;
  }
  // Makes room for so many series in all.
  void reserve(std::size_t series) {
    labels.reserve(series);
    v.reserve(series * step_count);
    present.reserve(series * step_count);
  }
  void need_histograms() {
    if (h.empty()) h.resize(size(), nullptr);
  }
  void need_drop_names() {
    if (drop_name.empty()) drop_name.resize(labels.size(), 0);
  }
  const nx_histogram* histogram(std::size_t i) const { return h.empty() ? nullptr : h[i]; }
  bool drops_name(std::size_t series) const { return !drop_name.empty() && drop_name[series] != 0; }
  void set_absent(std::size_t i) {
    present[i] = 0;
    v[i] = 0;
    if (!h.empty()) h[i] = nullptr;
  }
};

// Appends series `series` of `from`.
void append_series(Batch& to, const Batch& from, std::size_t series);

// An operator: yields its result batch by batch. One thread.
class Stream {
 public:
  virtual ~Stream() = default;
  // Fills out (whatever it held) with at least one series. False at the end and after a failure,
  // which the query's context has then.
  virtual bool next(Batch& out) = 0;
};
using StreamPtr = std::unique_ptr<Stream>;

// A scalar: a value a step.
using ScalarColumn = Column<double>;

}  // namespace narthex::promql
