// SPDX-License-Identifier: Apache-2.0
// host_object.cpp - the functions of nx_host. Each finds its instance behind the host object and
// lets nothing be thrown into the plugin.
#include "host/plugin_instance.hpp"

#include "runtime/asio_executor.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/text.hpp>

namespace narthex::host {
namespace {

PluginInstance& of(const nx_host* host) { return static_cast<PluginInstance&>(Instance::of(host)); }

void log(const nx_host* host, std::int32_t level, nx_str text, const nx_kv* fields,
         std::uint32_t field_count) {
  (void)sdk::guard(nullptr, [&] {
    of(host).log(level, view(text), std::span(fields, fields != nullptr ? field_count : 0));
  });
}

const void* get_extension(const nx_host* host, nx_str id) {
  return of(host).context().extension(view(id));
}

nx_buffer* buffer_new(const nx_host* host, std::uint64_t size, void** writable) {
  return make_host_buffer(of(host).buffers(), size, writable);
}

std::int64_t now_ms(const nx_host* host) { return of(host).context().clock.now_ms(); }
std::int64_t mono_ns(const nx_host* host) { return of(host).context().clock.mono_ns(); }

std::int32_t thread_kind(const nx_host*) {
  const CallFrame* frame = Instance::current_frame;
  if (frame != nullptr && frame->control) return NX_THREAD_CONTROL;
  return runtime::AsioExecutor::thread_kind();
}

void set_health(const nx_host* host, std::int32_t health, nx_str reason) {
  (void)sdk::guard(nullptr, [&] { of(host).set_health(health, view(reason)); });
}

nx_status config_error(const nx_host* host, const nx_value* where, nx_str text, nx_error* err) {
  (void)sdk::guard(err, [&] { return of(host).config_error(where, view(text), err); });
  return NX_ERR_INVALID_CONFIG;
}

}  // namespace

nx_host make_host_object(PluginInstance& instance) {
  nx_host host{};
  host.struct_size = sizeof host;
  host.abi_minor = NX_ABI_MINOR;
  host.impl = static_cast<Instance*>(&instance);
  host.product = NX_STR("narthex");
  host.version = to_nx(instance.context().options.agent_version);
  host.instance = to_nx(instance.name());
  host.log = &log;
  host.get_extension = &get_extension;
  host.buffer_new = &buffer_new;
  host.now_ms = &now_ms;
  host.mono_ns = &mono_ns;
  host.thread_kind = &thread_kind;
  host.set_health = &set_health;
  host.config_error = &config_error;
  return host;
}

}  // namespace narthex::host
