// SPDX-License-Identifier: Apache-2.0
// transfer_help.hpp - what `narthex import --help` and `narthex export --help` say below the
// options.
#pragma once

#include <string>

namespace narthex::cli {

std::string import_help();
std::string export_help();

}  // namespace narthex::cli
