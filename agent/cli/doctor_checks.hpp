// SPDX-License-Identifier: Apache-2.0
// doctor_checks.hpp - what `narthex doctor` looks at beside the configuration: this machine, and
// the process of the agent where one runs. Each look is one finding, or none where there is nothing
// to look at.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::cli {

enum class Health { kHealthy, kNote, kWarning, kFault };

struct Diagnosis {
  Health health = Health::kHealthy;
  std::string subject;  // "disk"
  std::string text;     // what was found
  std::string advice;   // what to do; empty where nothing need be done
};

using Diagnoses = std::vector<Diagnosis>;

void check_data_directory(const std::string& data_dir, bool agent_runs, Diagnoses& out);
// REQUIRES: no agent of ours listens there.
void check_port(const std::string& listen, Diagnoses& out);
void check_descriptors(int connections_max, Diagnoses& out);
void check_clock(Diagnoses& out);
// Who may read a file that has secrets in it.
void check_secrecy(const std::string& file, bool has_secrets, Diagnoses& out);
// Whether a process sees the machine as it is; pid 0: this one. `exporter`: host metrics are
// wanted.
void check_view_of_host(pid_t pid, bool exporter, Diagnoses& out);

}  // namespace narthex::cli
