// SPDX-License-Identifier: Apache-2.0
// schema_apply.hpp - one node of a configuration against one node of a schema. Internal to the
// schema files.
#pragma once

#include "host/config_tree.hpp"
#include "host/schema_node.hpp"

#include <string>
#include <vector>

namespace narthex::host {

// The converted value; what is wrong with it is added to findings, and null stands for it then.
// tree.source gives places, tree.arena the memory. `path` names the option: "tls_config.ca_file".
nx_value convert(const SchemaNode& schema, const nx_value& value, ConfigTree& tree,
                 std::vector<document::Finding>& findings, const std::string& path = {});

// A text of one of the formats as the plugin gets it ("30s" is the integer 30000).
// `folder`: where relative paths start.
Result<nx_value> convert_format(OptionFormat format, std::string_view text,
                                const std::string& folder, sdk::TreeArena& arena);

}  // namespace narthex::host
