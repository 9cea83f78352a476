// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/merge.hpp"

#include <algorithm>
#include <span>

namespace narthex::storage::partition {
namespace {

using Tables = std::span<const std::shared_ptr<TableEntry>>;

constexpr std::size_t kInputsMax = 16;   // open at once in a merge
constexpr std::size_t kTablesFew = 4;    // fewer small ones are left alone
constexpr std::size_t kFlushesFew = 12;  // fewer in an open partition are left alone
constexpr std::uint64_t kGrowth = 4;     // times its largest table, what a merge there makes ...
constexpr std::size_t kTablesMany = 32;  // ... unless there are so many
constexpr std::uint64_t kSmallPart = 4;  // below this part of the largest, a table is small

std::uint64_t bytes_of(Tables tables) {
  std::uint64_t sum = 0;
  for (const auto& entry : tables) sum += entry->bytes();
  return sum;
}

const TableEntry& largest_of(Tables tables) {
  return **std::ranges::max_element(tables, {}, [](const auto& entry) { return entry->bytes(); });
}

bool is_quarter(std::uint64_t part, std::uint64_t of) { return part * kSmallPart >= of; }

// The neighbours that are smallest together.
Tables smallest_window(Tables tables, std::size_t size) {
  Tables best = tables.first(size);
  for (std::size_t at = 1; at + size <= tables.size(); ++at) {
    const Tables window = tables.subspan(at, size);
    if (bytes_of(window) < bytes_of(best)) best = window;
  }
  return best;
}

// The most neighbours, at least so many, that together are so many times the largest of them: a
// sample is then written no more often than its table can grow by that before it is all there is.
Tables widest_growing(Tables tables, std::size_t least, std::uint64_t times) {
  for (std::size_t size = std::min(tables.size(), kInputsMax); size >= least; --size) {
    for (std::size_t at = 0; at + size <= tables.size(); ++at) {
      const Tables window = tables.subspan(at, size);
      if (bytes_of(window) >= times * largest_of(window).bytes()) return window;
    }
  }
  return {};
}

// tables[first, last) are small ones between large ones.
Tables merge_of_run(Tables tables, std::size_t first, std::size_t last) {
  const Tables run = tables.subspan(first, last - first);
  if (run.size() + 1 >= kTablesFew && run.size() < kInputsMax) {
    if (first > 0 && is_quarter(bytes_of(run), tables[first - 1]->bytes())) {
      return tables.subspan(first - 1, run.size() + 1);
    }
    if (last < tables.size() && is_quarter(bytes_of(run), tables[last]->bytes())) {
      return tables.subspan(first, run.size() + 1);
    }
  }
  return widest_growing(run, kTablesFew, 2);
}

Tables merge_of_small(Tables tables) {
  if (tables.size() < kTablesFew) return {};
  const std::uint64_t largest = largest_of(tables).bytes();
  const auto small = [&](std::size_t at) { return !is_quarter(tables[at]->bytes(), largest); };
  Tables best;
  for (std::size_t first = 0; first < tables.size(); ++first) {
    std::size_t last = first;
    while (last < tables.size() && small(last)) ++last;
    if (last == first) continue;
    const Tables found = merge_of_run(tables, first, last);
    if (found.size() > best.size()) best = found;
    first = last;
  }
  return best;
}

Tables merge_of_closed(Tables tables, bool all) {
  const bool deleted =
      std::ranges::any_of(tables, [](const auto& entry) { return entry->tombstones() != nullptr; });
  const TableEntry& largest = largest_of(tables);
  // Written by a merge: once is enough, until what came later is worth it.
  const bool whole = tables.size() == 1 || (largest.name().revision > 0 && !all);
  const bool grown =
      tables.size() > 1 && is_quarter(bytes_of(tables) - largest.bytes(), largest.bytes());
  if (!deleted && whole && !grown) return merge_of_small(tables);
  return tables.size() <= kInputsMax ? tables : smallest_window(tables, kInputsMax);
}

// Flushes go on: what is there will be merged once more when the partition is closed. Until then
// queries are to find few tables, and each is to be written few times.
Tables merge_of_open(Tables tables) {
  const Tables found = widest_growing(tables, kFlushesFew, kGrowth);
  const bool many = found.empty() && tables.size() >= kTablesMany;
  return many ? smallest_window(tables, kInputsMax) : found;
}

}  // namespace

std::optional<TableSet> choose_merge(const TableSet& tables, std::int64_t closed_before, bool all) {
  Tables best;
  Tables left = tables;
  while (!left.empty()) {
    const auto other = std::ranges::find_if(left, [&](const auto& entry) {
      return entry->name().partition != left.front()->name().partition;
    });
    const auto size = static_cast<std::size_t>(other - left.begin());
    const Tables partition = left.first(size);
    left = left.subspan(size);
    if (std::ranges::any_of(partition, [](const auto& entry) { return entry->damaged(); }))
      continue;
    const bool closed = partition.front()->partition_end() <= closed_before;
    const Tables found = closed ? merge_of_closed(partition, all) : merge_of_open(partition);
    if (found.size() > best.size()) best = found;
  }
  if (best.empty()) return std::nullopt;
  return TableSet(best.begin(), best.end());
}

}  // namespace narthex::storage::partition
