// SPDX-License-Identifier: Apache-2.0
// view.hpp - what the plugin host shows of itself: a snapshot for API, UI and command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::host {

struct ComponentView {
  std::string name, summary;
  std::vector<std::string> interfaces;  // known ids
  std::vector<std::string> unknown_interfaces;
  std::vector<std::string> needs;
  std::string config_schema;
};
struct LibraryView {
  std::string id, version, file, license, vendor, url, summary, build_id;
  std::uint32_t abi_minor = 0;
  std::string isolation = "none";
  std::string warning;  // odd, but no reason to refuse it
  std::vector<ComponentView> components;
};
struct CallView {
  std::string entry;
  std::uint64_t count = 0, errors = 0, exceptions = 0, deadline_misses = 0;
  double p50_ms = 0, p99_ms = 0, max_ms = 0;
  std::string last_error;
};
struct InstanceView {
  std::string name, component;  // component: "discovery.file/file"
  std::string state;            // created running stopped failed
  std::string health, reason;   // ok degraded failed
  std::int64_t since_ms = 0;
  std::uint64_t generation = 0, restarts = 0, crashes = 0;
  std::string breaker;       // closed open
  std::string isolation;     // none process
  std::int64_t process = 0;  // id of its own process; 0: it has none now
  std::string config_json;   // secrets redacted
  std::vector<CallView> calls;
  std::uint64_t buffers = 0, buffer_bytes = 0;
};
struct RejectedView {
  std::string file, reason;
};
struct QuarantineView {
  std::string plugin, reason;
  std::int64_t since_ms = 0;
};
struct CrashView {
  std::string plugin, instance;  // empty: not known
  std::string text, stack, build_id;
  std::int64_t time_ms = 0;
  bool isolated = false;  // its own process died, not the agent
};
struct HostView {
  std::uint32_t abi_major = 0, abi_minor = 0;
  std::vector<LibraryView> libraries;
  std::vector<InstanceView> instances;
  std::vector<QuarantineView> quarantined;
  std::vector<CrashView> crashes;  // oldest first
  std::vector<RejectedView> rejected;
};

}  // namespace narthex::host
