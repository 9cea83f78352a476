// SPDX-License-Identifier: Apache-2.0
// batch.hpp - samples on their way into a store: rows and the series they belong to. Filled by the
// Loader, taken by a BatchTarget. No thread rules.
#pragma once

#include "blocks/samples.hpp"

#include <narthex/data.h>
#include <narthex/sdk/result.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::transfer {

// A label set of its own memory, in one piece.
class PackedLabels {
 public:
  explicit PackedLabels(std::span<const nx_label> labels);
  // Appends views that live as long as this object stays where it is.
  void append_to(std::vector<nx_label>& out) const;
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;                // names and values, one after the other
  std::vector<std::uint32_t> ends_;  // of each in bytes_
};

struct LoadSeries {
  explicit LoadSeries(std::span<const nx_label> of) : labels(of) {}
  PackedLabels labels;
  std::uint64_t ref = 0;  // the target's, 0: not known
  bool counted = false;
};

struct LoadExemplar {
  std::uint32_t series = 0;
  std::int64_t t = 0;
  double value = 0;
  PackedLabels labels;
};

// Rows as columns: series[i] is an index into the Loader's series.
struct Batch {
  std::vector<std::uint32_t> series;
  blocks::Samples rows;
  bool by_series = true;  // rows of a series are adjacent, times ascend
  std::vector<LoadExemplar> exemplars;

  bool empty() const { return series.empty() && exemplars.empty(); }
  void clear();
};

// What is known about families, gathered over the whole import.
struct FamilyFacts {
  std::string name, unit, help;
  std::uint32_t type = NX_TYPE_UNKNOWN;
};

struct WriteCounts {
  std::uint64_t accepted = 0, refused = 0;
  std::uint64_t exemplars_accepted = 0, exemplars_refused = 0;
  std::array<std::uint64_t, NX_ROW_CODE_COUNT> by_code{};  // indexed by NX_ROW_*
  std::string first_reason;  // of a refusal that has no code: what a server said
};

class BatchTarget {
 public:
  virtual ~BatchTarget() = default;
  // Takes what it can and counts the rest. A failure ends the import: what was written before
  // stays.
  virtual Status write(std::vector<LoadSeries>& series, const Batch& batch,
                       WriteCounts& counts) = 0;
  virtual Status write_metadata(std::span<const FamilyFacts> families) = 0;
  // Ends the writing well.
  virtual Status finish() = 0;
};

// Counts and forgets: what --dry-run writes to.
class DryTarget final : public BatchTarget {
 public:
  Status write(std::vector<LoadSeries>& series, const Batch& batch, WriteCounts& counts) override;
  Status write_metadata(std::span<const FamilyFacts>) override { return Status(); }
  Status finish() override { return Status(); }
};

}  // namespace narthex::transfer
