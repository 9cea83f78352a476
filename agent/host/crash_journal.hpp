// SPDX-License-Identifier: Apache-2.0
// crash_journal.hpp - what past lives of the agent died of: <data>/crash.journal, lines of
// key=value that the crash handler, the agent's start and `plugin release` append.
//
//   START time_ms= pid=                      the agent began
//   FATAL time_ms= signal= ... plugin=       it, or a process that ran a plugin for it, died
//   TRACE pid= stack=                        the stack of the FATAL before
//   RELEASE time_ms= plugin=                 somebody let a plugin in again
//
// A line that is torn or unknown is passed over. Reading and judging are pure.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {

struct Crash {
  std::int64_t time_ms = 0;
  std::string signal;     // "SIGSEGV"
  std::string address;    // what was touched, hexadecimal
  std::string plugin;     // id; empty: the agent's own fault, as far as is known
  std::string instance;   // empty: a thread of the plugin's own
  std::string entry;      // "narthex.exporter/1.collect"
  std::string module;     // file whose code ran
  std::string offset;     // within it
  std::string build_id;   // of the plugin
  std::string stack;      // "x.so+0x1139 narthex+0x77", innermost first
  bool isolated = false;  // the plugin's own process died, not the agent
  bool fresh = false;     // since the agent began the last time

  // "SIGSEGV at x.so+0x1139 in narthex.exporter/1.collect of exporter.x#1"
  std::string text() const;
};

struct CrashHistory {
  std::vector<Crash> crashes;                    // oldest first
  std::map<std::string, std::int64_t> released;  // plugin id -> when, ms
};

CrashHistory parse_crash_journal(std::string_view text);
// A journal that is not there is empty.
Result<CrashHistory> read_crash_journal(const std::string& path);

// Begins a life of the agent: notes it down, and keeps the newest lines only when there are many.
Status begin_crash_journal(const std::string& path, std::int64_t now_ms);
// Writes a record of what could not write one itself.
Status append_crash(const std::string& path, const Crash& crash);
// Lets a plugin in again. NX_ERR_NOT_FOUND: nothing is known about it.
Status release_plugin(const std::string& path, std::string_view plugin, std::int64_t now_ms);

// When a plugin is left out: so many crashes of the agent within so long.
struct QuarantinePolicy {
  bool on = true;
  std::uint64_t crashes_max = 3;
  std::int64_t window_ms = 600'000;
};
struct Quarantined {
  std::string plugin, build_id;
  std::string reason;  // "3 crashes within 10m, the last one: SIGSEGV ..."
  std::int64_t since_ms = 0;
};
// Only crashes of one build since its last release count: a mended file starts anew.
std::vector<Quarantined> judge_crashes(const CrashHistory& history, const QuarantinePolicy& policy);

}  // namespace narthex::host
