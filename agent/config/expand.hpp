// SPDX-License-Identifier: Apache-2.0
// expand.hpp - environment variables and relative paths in configuration text. Pure but for the
// environment.
#pragma once

#include "config/diagnostics.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace narthex::config {

// A variable's value, or nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> process_environment(const std::string& name);

// Our rule: ${VAR} and ${VAR:-default}, $${ for a literal ${. A variable that is not set and has no
// default is an error. Everything else, $1 and ${1} too, stays as it is.
Result<std::string> expand_variables(std::string_view text, const Environment& environment);
// The beginning of that error.
std::string unset_variable(const std::string& name);
// Prometheus's rule for external_labels, which is Go's os.Expand: $VAR and ${VAR}, $$ for $; names
// that are not set become nothing and are added to `missing`.
std::string expand_as_prometheus(std::string_view text, const Environment& environment,
                                 std::vector<std::string>& missing);

// What is done to the scalars of a configuration file in `folder`. Diagnostics must outlive it.
document::ScalarRewrite config_rewrite(document::Format format, std::string folder,
                                       Diagnostics& diagnostics);

}  // namespace narthex::config
