// SPDX-License-Identifier: Apache-2.0
// agent_sections.hpp - the tables that Prometheus has not: [[exporters]], [[ingest]],
// [[notifiers]], [http], [storage], [plugins], [query].
#pragma once

#include "config/config.hpp"
#include "config/global_section.hpp"
#include "config/table_reader.hpp"

#include <vector>

namespace narthex::config {

std::vector<scrape::ExporterOptions> read_exporters(TableReader& root, const GlobalOptions& global);
std::vector<ingest::ReceiverOptions> read_receivers(TableReader& root);
void read_http(TableReader table, HttpOptions& http);
void read_query(TableReader table, QueryOptions& query);
void read_plugins(TableReader table, std::vector<std::string>& folders, host::PluginPolicy& policy);

}  // namespace narthex::config
