// SPDX-License-Identifier: Apache-2.0
#include "host/process_protocol.hpp"

#include "host/library.hpp"
#include "host/value_codec.hpp"

#include <narthex/discovery.h>
#include <narthex/exporter.h>
#include <narthex/ingest.h>
#include <narthex/notifier.h>
#include <narthex/protocol.h>
#include <narthex/sdk/value.hpp>

#include <functional>
#include <span>
#include <utility>

namespace narthex::host {
namespace {

Status no_message(const char* what) {
  return invalid_data(std::string("the plugin's process sent what is no ") + what);
}

void add_interface(ComponentFacts& facts, const nx_interface& offered) {
  const std::string id(view(offered.id));
  if (id == NX_EXPORTER_ID) {
    const auto* t = static_cast<const nx_exporter*>(offered.vtable);
    facts.interfaces.push_back({id, t->default_interval_ms, 0});
  } else if (id == NX_DISCOVERY_ID) {
    const auto* t = static_cast<const nx_discovery*>(offered.vtable);
    facts.interfaces.push_back(
        {id, t->default_interval_ms, std::uint8_t{NX_HAS_FN(t, nx_discovery, run)}});
  } else if (id == NX_NOTIFIER_ID) {
    const auto* t = static_cast<const nx_notifier*>(offered.vtable);
    facts.interfaces.push_back({id, t->max_batch, std::uint8_t{NX_HAS_FN(t, nx_notifier, probe)}});
  } else if (id == NX_INGEST_ID) {
    facts.interfaces.push_back({id, 0, 0});
  } else if (id == NX_INGEST_DATAGRAM_ID) {
    const auto* t = static_cast<const nx_ingest_datagram*>(offered.vtable);
    facts.interfaces.push_back({id, 0, std::uint8_t{NX_HAS_FN(t, nx_ingest_datagram, flush)}});
  } else if (id == NX_PARSER_ID) {
    const auto* t = static_cast<const nx_parser*>(offered.vtable);
    InterfaceFacts& parser = facts.interfaces.emplace_back(InterfaceFacts{id, 0, 0});
    for (std::uint64_t i = 0; i < t->content_type_count; ++i) {
      parser.media.emplace_back(view(t->content_types[i]), view(t->protocol_names[i]));
    }
  }
}

// Every node, the root first, a table's entries in their order.
void each_node(const nx_value& node, const std::function<void(const nx_value&)>& use) {
  use(node);
  for (const nx_value& item : sdk::Value(&node).items()) each_node(item, use);
  for (const nx_kv& entry : sdk::Value(&node).entries()) each_node(entry.value, use);
}

}  // namespace

std::string encode_greeting(const Greeting& greeting) {
  std::string bytes;
  WireWriter out(bytes);
  for (const std::string* text : {&greeting.file, &greeting.instance, &greeting.data_dir,
                                  &greeting.agent_version, &greeting.journal}) {
    out.text(*text);
  }
  out.number(greeting.log_level);
  out.number(greeting.log_format);
  out.number(greeting.memory_max);
  out.number(greeting.open_files_max);
  out.number(greeting.cpu_max_ms);
  return bytes;
}

Result<Greeting> decode_greeting(std::string_view bytes) {
  WireReader in(bytes);
  Greeting greeting;
  for (std::string* text : {&greeting.file, &greeting.instance, &greeting.data_dir,
                            &greeting.agent_version, &greeting.journal}) {
    *text = in.text();
  }
  greeting.log_level = in.number<std::int32_t>();
  greeting.log_format = in.number<std::int32_t>();
  greeting.memory_max = in.number<std::uint64_t>();
  greeting.open_files_max = in.number<std::uint64_t>();
  greeting.cpu_max_ms = in.number<std::int64_t>();
  if (!in.ok()) return no_message("greeting");
  return greeting;
}

std::vector<ComponentFacts> facts_of(const nx_plugin& plugin) {
  std::vector<ComponentFacts> all;
  for (const nx_component* c : std::span(plugin.components, plugin.component_count)) {
    ComponentFacts& facts = all.emplace_back();
    facts.name = view(c->name);
    facts.summary = view(c->summary);
    facts.config_schema = view(c->config_schema);
    facts.flags = c->flags;
    facts.reconfigures = NX_HAS_FN(c, nx_component, reconfigure);
    for (const nx_interface& offered : std::span(c->interfaces, c->interface_count)) {
      add_interface(facts, offered);
    }
  }
  return all;
}

std::string encode_description(const std::vector<ComponentFacts>& components) {
  std::string bytes;
  WireWriter out(bytes);
  out.number(std::uint64_t{components.size()});
  for (const ComponentFacts& facts : components) {
    out.text(facts.name);
    out.text(facts.summary);
    out.text(facts.config_schema);
    out.number(facts.flags);
    out.number(std::uint8_t{facts.reconfigures});
    out.number(std::uint64_t{facts.interfaces.size()});
    for (const InterfaceFacts& interface : facts.interfaces) {
      out.text(interface.id);
      out.number(interface.number);
      out.number(interface.optional);
      out.number(std::uint64_t{interface.media.size()});
      for (const auto& [type, protocol] : interface.media) {
        out.text(type);
        out.text(protocol);
      }
    }
  }
  return bytes;
}

Result<std::vector<ComponentFacts>> decode_description(std::string_view bytes) {
  WireReader in(bytes);
  std::vector<ComponentFacts> components(in.count(30));
  for (ComponentFacts& facts : components) {
    facts.name = in.text();
    facts.summary = in.text();
    facts.config_schema = in.text();
    facts.flags = in.number<std::uint32_t>();
    facts.reconfigures = in.number<std::uint8_t>() != 0;
    facts.interfaces.resize(in.count(21));
    for (InterfaceFacts& interface : facts.interfaces) {
      interface.id = in.text();
      interface.number = in.number<std::uint32_t>();
      interface.optional = in.number<std::uint8_t>();
      interface.media.resize(in.count(16));
      for (auto& [type, protocol] : interface.media) {
        type = in.text();
        protocol = in.text();
      }
    }
  }
  if (!in.ok()) return no_message("description");
  return components;
}

std::string encode_config(const ConfigTree& tree) {
  std::string bytes;
  WireWriter out(bytes);
  const Result<std::string> values = encode_value(tree.root);
  out.text(values.ok() ? *values : std::string());
  each_node(tree.root, [&](const nx_value& node) {
    const document::Place place = tree.finding(&node, {}).place;
    out.text(place.file);
    out.number(place.line);
    out.number(place.column);
  });
  return bytes;
}

Result<std::unique_ptr<ConfigTree>> decode_config(std::string_view bytes, const std::string& name) {
  WireReader in(bytes);
  auto tree = std::make_unique<ConfigTree>();
  tree->source.name = name;
  const Result<nx_value> root = decode_value(in.text(), tree->arena);
  if (!root.ok()) return root.status();
  tree->root = *root;
  each_node(tree->root, [&](const nx_value& node) {
    document::Place& place = tree->places[&node];
    place.file = in.text();
    place.line = in.number<std::uint32_t>();
    place.column = in.number<std::uint32_t>();
  });
  if (!in.ok()) return no_message("configuration");
  return tree;
}

std::string encode_answer_head(const Answer& answer) {
  std::string bytes;
  WireWriter out(bytes);
  out.number(answer.code);
  out.number(answer.retry_after_ms);
  out.text(answer.text);
  return bytes;
}

Result<Answer> decode_answer(std::string message) {
  WireReader in(message);
  Answer answer;
  answer.code = in.number<nx_status>();
  answer.retry_after_ms = in.number<std::uint32_t>();
  answer.text = in.text();
  if (!in.ok()) return no_message("answer");
  const std::size_t head = message.size() - in.rest().size();
  answer.body = std::move(message);
  answer.body.erase(0, head);
  return answer;
}

}  // namespace narthex::host
