// SPDX-License-Identifier: Apache-2.0
// http_client.hpp - reads Prometheus's http_config out of the table it is inlined in.
#pragma once

#include "config/table_reader.hpp"
#include "net/options.hpp"

#include <string>
#include <vector>

namespace narthex::config {

// Checks what belongs together and what excludes each other, in Prometheus's words.
net::ClientOptions read_http_client(TableReader& table);
// Reads a file of nothing else, as promtool's --http.config.file wants it; .yml and .yaml are YAML,
// others TOML. False: findings has the errors.
bool load_client_file(const std::string& file, net::ClientOptions& client,
                      std::vector<document::Finding>& findings);
// Whether a header is set by the client itself, and so by nobody else.
bool is_reserved_header(std::string_view name);

}  // namespace narthex::config
