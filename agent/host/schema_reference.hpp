// SPDX-License-Identifier: Apache-2.0
// schema_reference.hpp - the reference page of a component's options, from its schema. Pure.
#pragma once

#include "host/schema.hpp"

#include <string>
#include <string_view>

namespace narthex::host {

// Markdown: a heading, the summary, a list of options with type, default, limits and description
// (nested ones by their path), and the options' examples as TOML.
std::string reference_page(std::string_view component, std::string_view summary,
                           const Schema& schema);

}  // namespace narthex::host
