// SPDX-License-Identifier: Apache-2.0
// sample_columns.hpp - all groups as one batch: a series and a value for everything that a scrape
// of the gateway with honor_labels would store. Classic histograms have their bounds in the form
// that scraping gives them ("1.0"); native ones are stored as such, with their classic buckets
// beside them where they have some. Empty labels are absent.
//
// Made once for each state of the groups and appended again and again with new times. Not
// thread-safe; movable.
#pragma once

#include "plugins/ingest/pushgateway/groups.hpp"

#include <narthex/sdk/series_list.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace narthex::ingest::pushgateway {

class SampleColumns {
 public:
  SampleColumns() = default;
  explicit SampleColumns(const std::vector<GroupRef>& groups);

  std::size_t rows() const { return values_.size(); }
  nx_series_table table() { return list_.view(); }
  std::vector<nx_metadata> metadata() const { return list_.metadata(); }

  // A batch of all rows at the time t[0], series by `refs`. Both outlive its use.
  nx_sample_batch batch(const std::int64_t* t, const std::uint64_t* refs) const;

 private:
  void add_family(const Family& family);
  void add_metric(std::string_view name, const Metric& metric);
  void add(std::string_view name, std::string_view suffix, const Metric& metric, double value,
           std::string_view bound_name = {}, std::string_view bound = {});
  void add_native(std::string_view name, const Metric& metric);
  void add_buckets(std::string_view name, const Metric& metric);

  std::vector<GroupRef> groups_;  // keep what histograms point to
  sdk::SeriesList list_;
  std::vector<double> values_;         // [rows]; row r is series r of the table
  std::vector<std::uint32_t> native_;  // [rows]: into histograms_, or NX_NONE
  std::vector<nx_histogram> histograms_;
};

}  // namespace narthex::ingest::pushgateway
