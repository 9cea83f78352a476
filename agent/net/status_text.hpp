// SPDX-License-Identifier: Apache-2.0
// status_text.hpp - the names of HTTP statuses. Pure.
#pragma once

#include <string_view>

namespace narthex::net {

// "Not Found"; empty for a number that has no name.
std::string_view status_text(int status);

}  // namespace narthex::net
