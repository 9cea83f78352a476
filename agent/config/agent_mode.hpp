// SPDX-License-Identifier: Apache-2.0
// agent_mode.hpp - agent mode: targets are scraped and samples sent on by remote write; nothing is
// stored, queried or evaluated. Which flags and sections that leaves no use for is Prometheus's.
#pragma once

#include "config/apply_flags.hpp"
#include "config/prometheus_sections.hpp"
#include "config/table_reader.hpp"

namespace narthex::config {

// Whether --agent asks for it, or where the flag is not given the key `agent` of the file.
bool read_agent_mode(TableReader& root, const FlagValues& values);

// An error for each section that the mode has no use for. REQUIRES: the sections have been read.
void check_agent_sections(TableReader& root, const PrometheusSections& sections, bool agent);

// An error that names all flags which the mode has no use for.
void check_agent_flags(const FlagValues& values, bool agent, Diagnostics& diagnostics);

// The storage of agent mode instead of the configured one. REQUIRES: config.agent.
void apply_agent_mode(Config& config, Diagnostics& diagnostics);

}  // namespace narthex::config
