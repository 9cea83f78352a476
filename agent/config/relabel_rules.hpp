// SPDX-License-Identifier: Apache-2.0
// relabel_rules.hpp - reads a list of relabeling rules and checks each as Prometheus does.
#pragma once

#include "config/table_reader.hpp"
#include "relabel/options.hpp"

#include <string_view>
#include <vector>

namespace narthex::config {

std::vector<relabel::RuleOptions> read_rules(TableReader& table, std::string_view key);

}  // namespace narthex::config
