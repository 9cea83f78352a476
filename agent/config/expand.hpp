// SPDX-License-Identifier: Apache-2.0
// expand.hpp - environment variables and relative paths in configuration text. Pure but for
// process_environment().
#pragma once

#include "config/diagnostics.hpp"
#include "config/environment.hpp"

#include <string>
#include <string_view>

namespace narthex::config {

// Our rule: ${VAR} and ${VAR:-default}, $${ for a literal ${. A variable that is not set and has no
// default is an error. Everything else, $1 and ${1} too, stays as it is.
Result<std::string> expand_variables(std::string_view text, const Environment& environment);
// Prometheus's rule for external_labels, which is Go's os.Expand: $VAR and ${VAR}, $$ for $; names
// that are not set become nothing and are added to `missing`.
std::string expand_as_prometheus(std::string_view text, const Environment& environment,
                                 std::vector<std::string>& missing);

// What is done to the scalars of a configuration file in `folder`. Diagnostics must outlive it.
document::ScalarRewrite config_rewrite(document::Format format, std::string folder,
                                       Environment environment, Diagnostics& diagnostics);

}  // namespace narthex::config
