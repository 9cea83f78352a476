// SPDX-License-Identifier: Apache-2.0
// crash_handler.hpp - what a fatal signal leaves behind: one line in the crash journal that says
// which plugin was being called, where, and the offsets of the stack; then the signal takes its
// course, so that core dump and exit status are what they would have been. A plugin that ends the
// process with exit() leaves such a line too, and the process ends with SIGABRT: a service manager
// would take status 0 for a wanted end.
//
// The handler calls nothing that takes a lock or memory. Sanitized builds keep their own handlers.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string>
#include <string_view>

namespace narthex::host {

// Whether the process is the agent, or a child that runs a plugin for it: a child's crash is told,
// and never a reason to leave the plugin out.
enum class CrashedProcess { kAgent, kPluginHost };

// Opens the journal for appending and takes SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT. Once a
// process, before any plugin is loaded; the calling thread gets a stack for signals.
Status install_crash_handler(const std::string& journal_path, std::string_view version,
                             CrashedProcess process);

}  // namespace narthex::host
