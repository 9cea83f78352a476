// SPDX-License-Identifier: Apache-2.0
// selector_text.hpp - what is asked of the engine, in the words of its HTTP API. Pure.
#pragma once

#include <narthex/sdk/storage.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::storage::remote {

// {__name__="up",job=~"a.*"}
std::string selector_text(sdk::Matchers matchers);
// Of an urlencoded form: adds name=value.
void add_param(std::string& form, std::string_view name, std::string_view value);
// Adds start and end in seconds; times beyond any sample are left out.
void add_range(std::string& form, std::int64_t min_t, std::int64_t max_t);

}  // namespace narthex::storage::remote
