// SPDX-License-Identifier: Apache-2.0
// prometheus_sections.hpp - the tables of prometheus.yml beside global and scrape_configs: storage,
// runtime, otlp, and those whose feature is not in this version.
#pragma once

#include "config/remote_read_section.hpp"
#include "config/table_reader.hpp"
#include "discovery/options.hpp"
#include "net/options.hpp"
#include "relabel/options.hpp"
#include "store/options.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::config {

struct AlertmanagerSection {
  net::ClientOptions client;
  std::string scheme = "http";
  std::string path_prefix;
  std::int64_t timeout_ms = 10'000;
  std::string api_version = "v2";
  std::vector<relabel::RuleOptions> relabel_configs;
  std::vector<relabel::RuleOptions> alert_relabel_configs;
  std::vector<discovery::MechanismOptions> discovery;
};
struct AlertingSection {
  bool present = false;
  std::vector<relabel::RuleOptions> alert_relabel_configs;
  std::vector<AlertmanagerSection> alertmanagers;
};

struct OtlpSection {
  bool promote_all_resource_attributes = false;
  std::vector<std::string> promote_resource_attributes;
  std::vector<std::string> ignore_resource_attributes;
  std::string translation_strategy = "UnderscoreEscapingWithSuffixes";
  bool keep_identifying_resource_attributes = false;
  bool convert_histograms_to_nhcb = false;
  bool promote_scope_metadata = false;
};

// What is kept of them: for the agent, and to show it again.
struct PrometheusSections {
  std::vector<std::string> rule_files;
  std::vector<Part> scrape_config_files;  // patterns
  std::int64_t gogc = 75;
  std::int64_t out_of_order_ms = 0;
  bool has_exemplars = false;
  bool has_tsdb = false;
  bool has_agent = false;
  std::uint64_t remote_write_max_bytes = 0;  // 0: the room's default
  std::int64_t remote_write_max_age_ms = 0;  // [storage.agent.retention] max_time
  AlertingSection alerting;
  std::vector<RemoteReadSection> remote_reads;
  OtlpSection otlp;
};

PrometheusSections read_prometheus_sections(TableReader& root);
void read_storage(TableReader table, store::StorageOptions& storage, PrometheusSections& sections);

}  // namespace narthex::config
