// SPDX-License-Identifier: Apache-2.0
// journal.hpp - who is told of a commit before it shows: a backend that logs implements it.
#pragma once

#include "storage/head/exemplars.hpp"
#include "storage/head/metadata.hpp"
#include "storage/head/row_group.hpp"
#include "storage/head/series.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <span>
#include <utility>

namespace narthex::storage::head {

struct CommitRow {
  RowGroup* group;
  const Row* row;
};

struct CommitSample {
  Series* series;
  std::int64_t t;
  std::uint64_t bits;
  const Histogram* histogram;  // nullptr: a float
};

// Floats of one series, ascending and newer than all that it has.
struct CommitRun {
  Series* series;
  std::span<const std::int64_t> t;
  std::span<const std::uint64_t> bits;
};

struct CommitStart {
  Series* series;
  std::int64_t t;
  std::int64_t start_t;
};

// In the order in which it will be applied: rows, runs, samples, starts, exemplars, metadata.
// Samples that are not going to be stored are not in it.
struct Commit {
  std::span<const CommitRow> rows;
  std::span<const CommitRun> runs;  // their series own some, as those of the next three do
  std::span<const CommitSample> samples;
  std::span<const CommitStart> starts;
  std::span<const std::pair<Series*, Exemplar>> exemplars;
  std::span<const FamilyMetadata> metadata;

  bool empty() const {
    return rows.empty() && runs.empty() && samples.empty() && starts.empty() && exemplars.empty() &&
           metadata.empty();
  }
};

class Journal {
 public:
  virtual ~Journal() = default;
  // Where it fails nothing of the commit may be stored. REQUIRES: the writer lock; blocks for the
  // disk, so not the commit lock.
  virtual Status write(const Commit& commit) = 0;
  // After the commit shows, without locks: waits until it is durable where that was asked for
  // (`sync`), or is the rule of the backend.
  virtual Status acknowledge(bool sync) = 0;
};

}  // namespace narthex::storage::head
