// SPDX-License-Identifier: Apache-2.0
#include "host/process_component.hpp"

#include "host/elf_file.hpp"
#include "host/plugin_instance.hpp"
#include "host/process_instance.hpp"
#include "host/process_parser.hpp"

#include <narthex/sdk/guard.hpp>

#include <span>
#include <utility>

namespace narthex::host {
namespace {

ProcessInstance& process_of(void* instance) { return *static_cast<ProcessInstance*>(instance); }

PluginInstance& owner_of(const nx_host* host) {
  return static_cast<PluginInstance&>(Instance::of(host));
}

std::uint32_t index_of(const PluginInstance& owner) {
  return reinterpret_cast<const ProcessComponent*>(owner.raw_component())->index;
}

nx_status process_validate(const nx_host* host, const nx_value*, nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    PluginInstance& owner = owner_of(host);
    return ProcessInstance::validate(owner, index_of(owner));
  });
}

nx_status process_create(const nx_host* host, const nx_value*, void** instance, nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    PluginInstance& owner = owner_of(host);
    auto made = std::make_unique<ProcessInstance>(owner, index_of(owner));
    if (Status status = made->create(); !status.ok()) return status;
    *instance = made.release();
    return Status();
  });
}

nx_status process_start(void* instance, nx_error* err) {
  return sdk::guard(err, [&]() -> Status { return process_of(instance).start(); });
}

nx_status process_reconfigure(void* instance, const nx_value*, nx_error* err) {
  return sdk::guard(err, [&]() -> Status { return process_of(instance).reconfigure(); });
}

void process_stop(void* instance, std::int64_t deadline_mono_ns) {
  (void)sdk::guard(nullptr, [&] { process_of(instance).stop(deadline_mono_ns); });
}

void process_destroy(void* instance) {
  const std::unique_ptr<ProcessInstance> ended(static_cast<ProcessInstance*>(instance));
}

nx_status process_collect(void* instance, const nx_collection* c, nx_error* err) {
  Answer answer;
  const nx_status failed =
      sdk::guard(err, [&]() -> Status { return process_of(instance).collect(*c, answer); });
  if (failed < 0 || answer.code == NX_OK) return failed;
  return sdk::fail(err, answer.code, answer.text);  // NX_PARTIAL says what is missing
}

nx_status process_refresh(void* instance, const nx_discovery_sink* sink, nx_error* err) {
  return sdk::guard(err, [&]() -> Status { return process_of(instance).refresh(*sink); });
}

nx_status process_run(void* instance, const nx_discovery_sink* sink, nx_error* err) {
  return sdk::guard(err, [&]() -> Status { return process_of(instance).run(sink); });
}

nx_status process_notify(void* instance, const nx_alert* const* alerts, std::uint32_t count,
                         std::int64_t deadline_mono_ns, nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    return process_of(instance).notify(alerts, count, deadline_mono_ns);
  });
}

nx_status process_probe(void* instance, nx_error* err) {
  return sdk::guard(err, [&]() -> Status { return process_of(instance).probe(); });
}

nx_status process_routes(void* instance, const nx_route** routes, std::uint32_t* count,
                         nx_error* err) {
  return sdk::guard(err, [&]() -> Status { return process_of(instance).routes(routes, count); });
}

// What a receiver's call comes to: NX_PARTIAL says what was left out.
template <class Call>
nx_status received(nx_error* err, Call&& call) {
  Answer answer;
  const nx_status failed = sdk::guard(err, [&]() -> Status { return call(answer); });
  if (failed < 0 || answer.code == NX_OK) return failed;
  return sdk::fail(err, answer.code, answer.text, answer.retry_after_ms);
}

nx_status process_handle(void* instance, const nx_ingest_request* request, nx_ingest_reply* reply,
                         nx_error* err) {
  return received(
      err, [&](Answer& answer) { return process_of(instance).handle(*request, *reply, answer); });
}

nx_status process_packets(void* instance, const nx_bytes* packets, const nx_str* peers,
                          std::uint32_t count, nx_appender* appender, nx_error* err) {
  return received(err, [&](Answer& answer) {
    return process_of(instance).packets(packets, peers, count, appender, answer);
  });
}

nx_status process_flush(void* instance, nx_appender* appender, nx_error* err) {
  return received(err,
                  [&](Answer& answer) { return process_of(instance).flush(appender, answer); });
}

nx_status process_parse(void* instance, void* scratch, nx_buffer* body, const nx_parse_opts* opts,
                        nx_parsed_sink sink, void* sink_ctx, nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    return process_of(instance).parse(*static_cast<ParserScratch*>(scratch), view(*body), *opts,
                                      {sink, sink_ctx});
  });
}

nx_status process_labels(void* instance, void* scratch, const nx_str* keys, std::uint64_t count,
                         nx_series_sink sink, void* sink_ctx, nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    return process_of(instance).labels(*static_cast<ParserScratch*>(scratch),
                                       std::span(keys, count), sink, sink_ctx);
  });
}

void* process_scratch_new(void*) {
  void* made = nullptr;
  (void)sdk::guard(nullptr, [&] { made = std::make_unique<ParserScratch>().release(); });
  return made;
}

void process_scratch_free(void* scratch) {
  const std::unique_ptr<ParserScratch> ended(static_cast<ParserScratch*>(scratch));
}

void add_parser(ProcessComponent& c, const InterfaceFacts& facts) {
  for (const auto& [type, protocol] : facts.media) {
    c.content_types.push_back(to_nx(type));
    c.protocol_names.push_back(to_nx(protocol));
  }
  c.parser.struct_size = sizeof c.parser;
  c.parser.content_types = c.content_types.data();
  c.parser.content_type_count = c.content_types.size();
  c.parser.protocol_names = c.protocol_names.data();
  c.parser.parse = &process_parse;
  c.parser.labels = &process_labels;
  c.parser.scratch_new = &process_scratch_new;
  c.parser.scratch_free = &process_scratch_free;
  c.interfaces.push_back({NX_STR(NX_PARSER_ID), &c.parser});
}

void add_table(ProcessComponent& c, const InterfaceFacts& facts) {
  if (facts.id == NX_EXPORTER_ID) {
    c.exporter = {sizeof(nx_exporter), facts.number, &process_collect};
    c.interfaces.push_back({NX_STR(NX_EXPORTER_ID), &c.exporter});
  } else if (facts.id == NX_DISCOVERY_ID) {
    const bool runs = facts.optional != 0;
    c.discovery = {sizeof(nx_discovery), facts.number, runs ? nullptr : &process_refresh,
                   runs ? &process_run : nullptr};
    c.interfaces.push_back({NX_STR(NX_DISCOVERY_ID), &c.discovery});
  } else if (facts.id == NX_NOTIFIER_ID) {
    c.notifier = {sizeof(nx_notifier), facts.number, &process_notify,
                  facts.optional != 0 ? &process_probe : nullptr};
    c.interfaces.push_back({NX_STR(NX_NOTIFIER_ID), &c.notifier});
  } else if (facts.id == NX_INGEST_ID) {
    c.ingest = {sizeof(nx_ingest), 0, &process_routes, &process_handle};
    c.interfaces.push_back({NX_STR(NX_INGEST_ID), &c.ingest});
  } else if (facts.id == NX_INGEST_DATAGRAM_ID) {
    c.datagram = {sizeof(nx_ingest_datagram), 0, &process_packets,
                  facts.optional != 0 ? &process_flush : nullptr};
    c.interfaces.push_back({NX_STR(NX_INGEST_DATAGRAM_ID), &c.datagram});
  } else if (facts.id == NX_PARSER_ID) {
    add_parser(c, facts);
  }
}

std::unique_ptr<ProcessComponent> make_component(ComponentFacts facts, std::uint32_t index) {
  auto made = std::make_unique<ProcessComponent>();
  made->facts = std::move(facts);
  made->index = index;
  for (const InterfaceFacts& interface : made->facts.interfaces) add_table(*made, interface);
  nx_component& raw = made->raw;
  raw.struct_size = sizeof raw;
  raw.flags = made->facts.flags & ~static_cast<std::uint32_t>(NX_COMPONENT_CONCURRENT);
  raw.name = to_nx(made->facts.name);
  raw.summary = to_nx(made->facts.summary);
  raw.config_schema = to_nx(made->facts.config_schema);
  raw.interfaces = made->interfaces.data();
  raw.interface_count = static_cast<std::uint32_t>(made->interfaces.size());
  raw.validate = &process_validate;
  raw.create = &process_create;
  raw.start = &process_start;
  raw.reconfigure = made->facts.reconfigures ? &process_reconfigure : nullptr;
  raw.stop = &process_stop;
  raw.destroy = &process_destroy;
  return made;
}

}  // namespace

std::shared_ptr<const ProcessPlugin> make_process_plugin(const ElfFacts& facts,
                                                         std::vector<ComponentFacts> components) {
  auto made = std::make_shared<ProcessPlugin>();
  made->id = facts.id;
  made->version = facts.version;
  for (ComponentFacts& component : components) {
    const auto index = static_cast<std::uint32_t>(made->components.size());
    made->components.push_back(make_component(std::move(component), index));
    made->pointers.push_back(&made->components.back()->raw);
  }
  nx_plugin& raw = made->raw;
  raw.struct_size = sizeof raw;
  raw.abi_minor = NX_ABI_MINOR;
  raw.id = to_nx(made->id);
  raw.version = to_nx(made->version);
  raw.components = made->pointers.data();
  raw.component_count = static_cast<std::uint32_t>(made->pointers.size());
  return made;
}

bool process_collect_at(void* self, const CallSite& site, std::int64_t at_ns, std::int64_t next_ns,
                        Instance::Begun begun) {
  return process_of(self).collect_at(site, at_ns, next_ns, std::move(begun));
}

}  // namespace narthex::host
