// SPDX-License-Identifier: Apache-2.0
// environment.hpp - where a configuration's ${VAR} come from: whoever loads it passes a lookup.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace narthex::config {

// A variable's value, or nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// What this process was started with.
std::optional<std::string> process_environment(const std::string& name);

}  // namespace narthex::config
