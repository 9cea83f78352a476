// SPDX-License-Identifier: Apache-2.0
// sample_column.hpp - the samples of one series while it is merged, and what merging does to them.
// A column is what came before, then a tail: what one more table has. Pure.
#pragma once

#include "storage/partition/tombstones.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace narthex::storage::partition {

// Times ascend strictly once merged.
template <class Value>
struct SampleColumn {
  std::vector<std::int64_t> times;
  std::vector<Value> values;
  std::vector<std::int64_t> starts;  // none, or as many: start times, 0 unknown

  std::size_t size() const { return times.size(); }
  void clear() {
    times.clear();
    values.clear();
    starts.clear();
  }
  void move_sample(std::size_t to, std::size_t from) {
    times[to] = times[from];
    values[to] = values[from];
    if (!starts.empty()) starts[to] = starts[from];
  }
  void resize(std::size_t size) {
    times.resize(size);
    values.resize(size);
    if (!starts.empty()) starts.resize(size);
  }
  void append(const SampleColumn& other, std::size_t at) {
    times.push_back(other.times[at]);
    values.push_back(other.values[at]);
    if (!other.starts.empty()) starts.push_back(other.starts[at]);
  }
};

// Drops samples [first, last) for which `unwanted(time)` holds; asked in ascending order.
template <class Value, class Unwanted>
void drop_if(SampleColumn<Value>& column, std::size_t first, std::size_t last, Unwanted unwanted) {
  std::size_t to = first;
  for (std::size_t at = first; at < column.size(); ++at) {
    if (at < last && unwanted(column.times[at])) continue;
    if (to != at) column.move_sample(to, at);
    ++to;
  }
  column.resize(to);
}

// Drops what is deleted of the tail, which begins at `tail`.
template <class Value>
void drop_deleted(SampleColumn<Value>& column, std::size_t tail,
                  std::span<const DeletedRange> ranges) {
  auto range = ranges.begin();
  drop_if(column, tail, column.size(), [&](std::int64_t t) {
    while (range != ranges.end() && range->max_t < t) ++range;
    return range != ranges.end() && range->min_t <= t;
  });
}

// Drops what is before the tail at times that `later` has.
template <class Value>
void drop_times(SampleColumn<Value>& column, std::size_t tail,
                std::span<const std::int64_t> later) {
  if (tail == 0 || later.empty()) return;
  auto next = later.begin();
  drop_if(column, 0, tail, [&](std::int64_t t) {
    while (next != later.end() && *next < t) ++next;
    return next != later.end() && *next == t;
  });
}

// Merges the tail into what is before it: at equal times the tail holds. Costs nothing where the
// tail is behind. `scratch` is overwritten.
template <class Value>
void merge_tail(SampleColumn<Value>& column, std::size_t tail, SampleColumn<Value>& scratch) {
  if (tail == 0 || tail == column.size()) return;
  if (column.times[tail - 1] < column.times[tail]) return;
  scratch.clear();
  std::size_t a = 0;
  std::size_t b = tail;
  while (a < tail && b < column.size()) {
    if (column.times[a] < column.times[b]) {
      scratch.append(column, a++);
    } else {
      if (column.times[a] == column.times[b]) ++a;
      scratch.append(column, b++);
    }
  }
  for (; a < tail; ++a) scratch.append(column, a);
  for (; b < column.size(); ++b) scratch.append(column, b);
  std::swap(column, scratch);
}

}  // namespace narthex::storage::partition
