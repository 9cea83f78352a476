// SPDX-License-Identifier: Apache-2.0
// web_section.hpp - TLS, users and headers of the server: the file that --web.config.file names
// (exporter-toolkit's format), and the same tables in [http].
#pragma once

#include "config/environment.hpp"
#include "config/table_reader.hpp"
#include "net/options.hpp"

#include <string>
#include <vector>

namespace narthex::config {

// Reads tls_server_config, http_server_config and basic_auth_users of a table. Certificates and
// keys are loaded once to see whether they can be used.
void read_web(TableReader& table, net::WebOptions& web);

// Reads a file of its own; .yml and .yaml are YAML, others TOML. False: findings has the errors.
bool load_web_file(const std::string& file, net::WebOptions& web,
                   std::vector<document::Finding>& findings,
                   std::vector<document::Finding>& warnings,
                   const Environment& environment = process_environment);

}  // namespace narthex::config
