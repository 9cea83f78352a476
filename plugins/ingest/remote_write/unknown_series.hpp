// SPDX-License-Identifier: Apache-2.0
// unknown_series.hpp - the label sets of a request that the storage must be asked about, gathered
// as one table. One thread; used again for request after request.
#pragma once

#include "plugins/ingest/remote_write/label_set.hpp"

#include <narthex/data.h>

#include <cstdint>
#include <span>
#include <vector>

namespace narthex::ingest::remote_write {

class UnknownSeries {
 public:
  void clear();
  // Labels that were checked. Their texts outlive the use of table().
  void add(std::uint32_t series, const LabelSet& labels);
  bool empty() const { return series_.empty(); }
  // The series of the request, in the order of the table.
  std::span<const std::uint32_t> series() const { return series_; }
  nx_series_table table() const;
  // Gives the memory of an unusually large request back.
  void shrink();

 private:
  std::vector<std::uint32_t> series_;
  std::vector<nx_str> symbols_;
  std::vector<std::uint32_t> label_refs_;
  std::vector<std::uint32_t> label_offsets_{0};
};

}  // namespace narthex::ingest::remote_write
