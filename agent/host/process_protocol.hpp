// SPDX-License-Identifier: Apache-2.0
// process_protocol.hpp - what the agent and the process of a plugin tell each other beside data:
// greeting, description, configuration, answers. Pure.
#pragma once

#include "host/config_tree.hpp"
#include "host/wire.hpp"

#include <narthex/plugin.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::host {

// The first message of the agent.
struct Greeting {
  std::string file;      // of the plugin
  std::string instance;  // its name
  std::string data_dir;  // may be empty
  std::string agent_version;
  std::string journal;  // crash journal; may be empty
  std::int32_t log_level = 0, log_format = 0;
  std::uint64_t memory_max = 0, open_files_max = 0;  // 0: no limit
  std::int64_t cpu_max_ms = 0;                       // 0: no limit
};
std::string encode_greeting(const Greeting& greeting);
Result<Greeting> decode_greeting(std::string_view bytes);

// An interface that can be served from another process, and what its table says.
struct InterfaceFacts {
  std::string id;
  std::uint32_t number = 0;   // discovery, exporter: default_interval_ms; notifier: max_batch
  std::uint8_t optional = 0;  // discovery: has run instead of refresh; notifier: has probe;
                              // ingest_datagram: has flush
  // Of a parser: content types and the names of their protocols.
  std::vector<std::pair<std::string, std::string>> media = {};
};
struct ComponentFacts {
  std::string name, summary, config_schema;
  std::uint32_t flags = 0;
  bool reconfigures = false;
  std::vector<InterfaceFacts> interfaces;
};
// What stands in a descriptor, as far as it concerns other processes.
std::vector<ComponentFacts> facts_of(const nx_plugin& plugin);
std::string encode_description(const std::vector<ComponentFacts>& components);
Result<std::vector<ComponentFacts>> decode_description(std::string_view bytes);

// A configuration with the place of each of its nodes.
std::string encode_config(const ConfigTree& tree);
Result<std::unique_ptr<ConfigTree>> decode_config(std::string_view bytes, const std::string& name);

// The answer to a question. `code` may be NX_END or NX_PARTIAL with a text.
struct Answer {
  nx_status code = NX_OK;
  std::uint32_t retry_after_ms = 0;
  std::string text;
  std::string body;

  Status status() const { return code >= 0 ? Status() : Status(code, text, retry_after_ms); }
};
// What precedes the body.
std::string encode_answer_head(const Answer& answer);
Result<Answer> decode_answer(std::string message);

}  // namespace narthex::host
