// SPDX-License-Identifier: Apache-2.0
// remote_write_section.hpp - the `remote_write` section: where samples are sent to.
#pragma once

#include "config/render.hpp"
#include "config/table_reader.hpp"
#include "config/yaml_writer.hpp"
#include "remote_write/options.hpp"

#include <vector>

namespace narthex::config {

// With names, and the fingerprints by which a destination is known to be what it was.
std::vector<remote_write::DestinationOptions> read_remote_write(TableReader& root);

void render_destination(YamlWriter& yaml, const remote_write::DestinationOptions& destination,
                        Secrets secrets);

}  // namespace narthex::config
