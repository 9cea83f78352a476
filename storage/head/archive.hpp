// SPDX-License-Identifier: Apache-2.0
// archive.hpp - samples that have left the head, as the head's readers see them: a backend with
// files implements it. At one time of a series the head's sample holds over an archived one.
#pragma once

#include "storage/head/histogram.hpp"
#include "storage/head/raw_column.hpp"
#include "storage/head/series.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace narthex::storage::head {

// Archived samples of one series, times ascending strictly.
struct ArchivedSamples {
  RawColumn<std::int64_t> times;
  RawColumn<std::uint64_t> bits;
  std::vector<HistogramRef> histograms;  // empty, or as many: where set, the sample is a histogram
  std::vector<std::int64_t> starts;      // empty, or as many: 0 unknown

  void clear() {
    times.clear();
    bits.clear();
    histograms.clear();
    starts.clear();
  }
};

// What of a series is archived in range, when that is nothing but floats in order.
struct ArchivedColumn {
  std::size_t samples = 0;
  std::uint64_t times_id = 0;  // equal: equal times, for one reader
  bool may_be_stale = false;   // staleness markers may be among them
};

struct ArchiveRange {
  std::int64_t min_t;
  std::int64_t max_t;
  bool last_only;  // of each series the newest sample; more do no harm
  bool start_times;
};

// One cursor's; used by its thread. Lives within the cursor's session.
class ArchiveReader {
 public:
  virtual ~ArchiveReader() = default;
  // From here on reads what is archived now. REQUIRES: the commit lock, under which the head is
  // looked at too: so a sample that moves is seen in one of both.
  virtual void refresh() = 0;
  // Whether anything in range may be archived; does not read.
  virtual bool may_hold(const Series& series) const = 0;
  // Series that are to be read one after the other have ascending places. UINT64_MAX: none.
  virtual std::uint64_t place_of(const Series& series) const = 0;
  // Looks for the samples in range: false when read() is the way to get them. Then, until the next
  // call, take_times() and take_values() fill in `samples` elements each. sdk::Error as read().
  virtual bool find_column(const Series& series, ArchivedColumn& out) = 0;
  virtual void take_times(std::int64_t* out) = 0;
  virtual bool has_times(const std::int64_t* times) const = 0;  // these, `samples` of them
  virtual std::uint8_t take_values(std::uint64_t* out) = 0;     // returns NX_COL_*
  // Appends the samples in range. sdk::Error where they cannot be read.
  virtual void read(const Series& series, ArchivedSamples& out) = 0;
};

// One querier's: what overlaps its range stays known to the index as long as it lives.
class ArchiveSession {
 public:
  virtual ~ArchiveSession() = default;
  // Whether anything archived overlaps the range.
  virtual bool overlaps() const = 0;
  // Which samples in range its readers could not read. Empty: none.
  virtual std::string missing() const = 0;
  virtual std::unique_ptr<ArchiveReader> reader(const ArchiveRange& range) = 0;
};

class Archive {
 public:
  virtual ~Archive() = default;
  // Makes the series that have archived samples in range known to the index. Thread-safe, without
  // locks of the head held.
  virtual std::unique_ptr<ArchiveSession> session(std::int64_t min_t, std::int64_t max_t) = 0;
};

}  // namespace narthex::storage::head
