// SPDX-License-Identifier: Apache-2.0
// process_component.hpp - the descriptor of a plugin that runs in a process of its own: made here
// from what the process said, with functions that send the calls on. So everything that deals with
// instances, the guard included, deals with these as with any other. Immutable, thread-safe.
#pragma once

#include "host/instance.hpp"
#include "host/process_protocol.hpp"

#include <narthex/discovery.h>
#include <narthex/exporter.h>
#include <narthex/ingest.h>
#include <narthex/notifier.h>
#include <narthex/protocol.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace narthex::host {

struct ElfFacts;

// One component. `raw` is first: its address leads back to the whole.
struct ProcessComponent {
  nx_component raw{};
  std::uint32_t index = 0;
  ComponentFacts facts;
  nx_exporter exporter{};
  nx_discovery discovery{};
  nx_notifier notifier{};
  nx_ingest ingest{};
  nx_ingest_datagram datagram{};
  nx_parser parser{};
  std::vector<nx_str> content_types, protocol_names;  // of the parser
  std::vector<nx_interface> interfaces;
};

struct ProcessPlugin {
  nx_plugin raw{};
  std::string id, version;
  std::vector<std::unique_ptr<ProcessComponent>> components;
  std::vector<const nx_component*> pointers;
};

std::shared_ptr<const ProcessPlugin> make_process_plugin(const ElfFacts& facts,
                                                         std::vector<ComponentFacts> components);

// Instance::collect_at() for an instance of such a component, which `self` is of.
bool process_collect_at(void* self, const CallSite& site, std::int64_t at_ns, std::int64_t next_ns,
                        Instance::Begun begun);

}  // namespace narthex::host
