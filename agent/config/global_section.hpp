// SPDX-License-Identifier: Apache-2.0
// global_section.hpp - the `global` table: what jobs inherit, and what the whole agent uses.
#pragma once

#include "config/table_reader.hpp"
#include "scrape/options.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::config {

struct GlobalOptions {
  std::int64_t interval_ms = 60'000;
  std::int64_t timeout_ms = 10'000;
  std::int64_t evaluation_interval_ms = 60'000;
  std::int64_t rule_query_offset_ms = 0;
  std::vector<std::string> scrape_protocols;
  bool scrape_protocols_given = false;
  std::vector<std::pair<std::string, std::string>> external_labels;  // sorted
  std::string query_log_file;
  std::string scrape_failure_log_file;
  scrape::LimitOptions limits;
  bool body_size_limit_given = false;  // else it is our own default and not shown as configured
  bool given = false;                  // there is a `global` with something in it
  std::string validation_scheme = "utf8";
  bool validation_scheme_given = false;
  std::string escaping_scheme;  // as given
  bool scrape_native_histograms = false;
  bool always_scrape_classic_histograms = false;
  bool convert_classic_histograms_to_nhcb = false;
  bool extra_scrape_metrics = false;
  bool start_zeros = false;
  bool type_and_unit_labels = false;
};

GlobalOptions read_global(TableReader table, const std::vector<std::string>& features);

// Shared with jobs. An empty list means the key was absent.
std::vector<std::string> read_protocols(TableReader& table, const std::string& whose);
// The limits that `global` and jobs both have; absent keys leave `limits` as it is.
void read_limits(TableReader& table, scrape::LimitOptions& limits, bool& body_size_limit_given);
bool is_validation_scheme(std::string_view scheme);
bool is_escaping_scheme(std::string_view scheme);
bool is_protocol(std::string_view name);
// What is asked for when nobody says: protobuf first, where it is needed.
std::vector<std::string> default_protocols(bool protobuf_first);
extern const char* const kKnownProtocols;  // for messages

}  // namespace narthex::config
