// SPDX-License-Identifier: Apache-2.0
// log_check.hpp - reads the log of a data folder as a recovery would, without keeping a sample.
// Changes nothing.
#pragma once

#include "storage/partition/label_sets.hpp"
#include "storage/tsdb/check_report.hpp"

#include <functional>
#include <string>

namespace narthex::storage::tsdb {

// What a reader of the log wants to know of its series. One thread.
struct LogSeries {
  partition::LabelSets& sets;
  // A sample of the series with that label set, at t.
  std::function<void(std::uint32_t set, std::int64_t t)> sample;
};

// Adds figures and damages to the report. `series` may be null. Fails where the folder cannot be
// listed.
fs::Status read_log(fs::FileSystem& files, const std::string& folder, const LogSeries* series,
                    CheckReport& report);

}  // namespace narthex::storage::tsdb
