// SPDX-License-Identifier: Apache-2.0
// Throws a bare C++ exception across the border, at the entry point that its option `at` names.
#include <narthex/exporter.h>
#include <narthex/sdk/text.hpp>

#include <string>
#include <string_view>

namespace {

struct State {
  std::string at;
};

void maybe_throw(const State& state, std::string_view here) {
  if (state.at == here) throw 42;
}

nx_status create(const nx_host*, const nx_value* config, void** instance, nx_error*) {
  auto* state = new State;
  state->at = narthex::view(nx_get_str(config, "at", NX_STR("collect")));
  if (state->at == "create") {
    delete state;
    throw 42;
  }
  *instance = state;
  return NX_OK;
}

nx_status start(void* instance, nx_error*) {
  maybe_throw(*static_cast<State*>(instance), "start");
  return NX_OK;
}

void stop(void* instance, std::int64_t) { maybe_throw(*static_cast<State*>(instance), "stop"); }

void destroy(void* instance) { delete static_cast<State*>(instance); }

nx_status collect(void* instance, const nx_collection*, nx_error*) {
  maybe_throw(*static_cast<State*>(instance), "collect");
  return NX_OK;
}

const nx_exporter kExporter = {sizeof(nx_exporter), 0, &collect};
const nx_interface kInterfaces[] = {{NX_STR(NX_EXPORTER_ID), &kExporter}};

nx_component make_component() {
  nx_component c{};
  c.struct_size = sizeof c;
  c.name = NX_STR("thrower");
  c.config_schema = NX_STR(R"({"properties": {"at": {"type": "string", "default": "collect"}}})");
  c.interfaces = kInterfaces;
  c.interface_count = 1;
  c.create = &create;
  c.start = &start;
  c.stop = &stop;
  c.destroy = &destroy;
  return c;
}

}  // namespace

NX_PLUGIN_NOTE("org.example.thrower", "1.0.0");
extern "C" const nx_plugin* narthex_plugin_v0(void) {
  static const nx_component component = make_component();
  static const nx_component* const components[] = {&component};
  static const nx_plugin plugin = [] {
    nx_plugin p{};
    p.struct_size = sizeof p;
    p.abi_minor = NX_TARGET_ABI_MINOR;
    p.id = NX_STR("org.example.thrower");
    p.version = NX_STR("1.0.0");
    p.components = components;
    p.component_count = 1;
    return p;
  }();
  return &plugin;
}
