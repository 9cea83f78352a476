// SPDX-License-Identifier: Apache-2.0
// render_parts.hpp - pieces of a rendered configuration that stand in several places.
#pragma once

#include "config/render.hpp"
#include "config/yaml_writer.hpp"

#include <string>
#include <string_view>

namespace narthex::config {

// A URL with its password as xxxxx, as Go shows it.
std::string without_password(std::string url);

void render_client(YamlWriter& yaml, const net::ClientOptions& client, Secrets secrets);
void render_rules(YamlWriter& yaml, std::string_view key,
                  const std::vector<relabel::RuleOptions>& rules);
// The mechanisms of a job, grouped under their keys.
void render_mechanisms(YamlWriter& yaml, const std::vector<discovery::MechanismOptions>& mechanisms,
                       Secrets secrets);
// A table as it was written; values of keys that name a credential are hidden.
void render_entries(YamlWriter& yaml, const document::Document& document, const nx_value& table,
                    Secrets secrets);
void render_entry(YamlWriter& yaml, const document::Document& document, const nx_kv& entry,
                  Secrets secrets);

}  // namespace narthex::config
