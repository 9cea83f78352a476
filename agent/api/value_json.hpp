// SPDX-License-Identifier: Apache-2.0
// value_json.hpp - an nx_value tree as JSON. Secrets show as "<secret>".
#pragma once

#include "api/json.hpp"

#include <narthex/sdk/value.hpp>

namespace narthex::api {

void write_value(JsonWriter& json, sdk::Value value);

}  // namespace narthex::api
