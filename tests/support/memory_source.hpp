// SPDX-License-Identifier: Apache-2.0
// memory_source.hpp - a source of samples for tests of the query engine: series in memory. Series
// with equal time columns come in one block that shares it, as a storage would send them.
#pragma once

#include "promql/histogram.hpp"
#include "promql/source.hpp"

#include <narthex/sdk/labels.hpp>

#include <map>
#include <memory>
#include <vector>

namespace narthex::test {

struct Sample {
  std::int64_t t_ms = 0;
  double v = 0;
  const nx_histogram* h = nullptr;  // null: a float; else v counts for nothing
};

class MemorySource : public promql::Source {
 public:
  // Later samples of the same series go behind the earlier ones.
  void add(const Labels& labels, const std::vector<Sample>& samples);
  void clear() { series_.clear(); }
  promql::Arena& arena() { return arena_; }
  std::size_t selects() const { return selects_; }

  Result<std::unique_ptr<promql::BlockCursor>> select(
      std::span<const promql::LabelMatcher> matchers, const nx_scan_opts& options) override;

 private:
  std::map<Labels, std::vector<Sample>> series_;
  promql::Arena arena_;
  std::size_t selects_ = 0;
};

}  // namespace narthex::test
