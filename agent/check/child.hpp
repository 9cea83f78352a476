// SPDX-License-Identifier: Apache-2.0
// child.hpp - one check in a process of its own, so that whatever a plugin does is seen and
// survived: hanging, crashing, exiting, printing. REQUIRES: the calling process has one thread.
#pragma once

#include "check/finding.hpp"
#include "check/reporter.hpp"

#include <cstdint>
#include <functional>

namespace narthex::check {

struct ChildOptions {
  std::int64_t timeout_ms = 30'000;
  bool in_process = false;  // for a debugger: no fork, no timeout, faults are the debugger's
};

// Runs body in a child whose working directory is a temporary folder, and adds to outcome what it
// reported and how it ended.
void run_in_child(const ChildOptions& options, Outcome& outcome,
                  const std::function<void(Reporter&)>& body);

}  // namespace narthex::check
