// SPDX-License-Identifier: Apache-2.0
// message.hpp - rows as a write request of either version, not yet packed. Rows of one series stand
// in one TimeSeries, in the order given. Used by one thread at a time.
#pragma once

#include "remote_write/options.hpp"
#include "remote_write/send_outcome.hpp"
#include "remote_write/target_series.hpp"

#include <narthex/data.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::remote_write {

// A row on its way. `frame` keeps what histogram and exemplar point to.
struct OutRow {
  TargetSeriesRef series;
  std::int64_t t = 0;
  std::int64_t start = 0;
  double v = 0;
  const Frame::HistogramRow* histogram = nullptr;
  const Frame::ExemplarRow* exemplar = nullptr;
  std::shared_ptr<const Frame> frame;
};

struct FamilyMetadata {
  std::uint32_t type = NX_TYPE_UNKNOWN;
  std::string help;
  std::string unit;
};
using FamilyTable = std::map<std::string, FamilyMetadata, std::less<>>;

// The family of a series by its name: itself, or without the ending that histograms and summaries
// give their series. Null where nothing is known.
const FamilyMetadata* find_family(const FamilyTable& families, std::string_view name);

class MessageWriter {
 public:
  std::string version1(std::span<const OutRow> rows);
  std::string version2(std::span<const OutRow> rows, const FamilyTable& families);

 private:
  void group(std::span<const OutRow> rows);

  std::uint64_t request_ = 0;
  std::vector<std::vector<std::uint32_t>> groups_;  // rows of each series; the first count_ count
  std::size_t count_ = 0;
};

// Metadata of families as a request of 1.0.
std::string metadata_message(FamilyTable::const_iterator first, FamilyTable::const_iterator last);

RowCounts count_rows(std::span<const OutRow> rows);
std::string pack(std::string_view message);

}  // namespace narthex::remote_write
