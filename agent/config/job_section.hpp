// SPDX-License-Identifier: Apache-2.0
// job_section.hpp - one element of `scrape_configs`.
#pragma once

#include "config/global_section.hpp"
#include "config/table_reader.hpp"
#include "scrape/options.hpp"

namespace narthex::config {

// Reads and checks a job; `body_size_limit_given` says whether the limit is the user's.
scrape::JobOptions read_job(TableReader& table, const GlobalOptions& global,
                            bool& body_size_limit_given);

// The mechanisms of a table: its static_configs and all its *_sd_configs, in alphabetical order.
std::vector<discovery::MechanismOptions> read_mechanisms(TableReader& table);

}  // namespace narthex::config
