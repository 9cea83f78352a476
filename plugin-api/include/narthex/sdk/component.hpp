// SPDX-License-Identifier: Apache-2.0
// component.hpp - derives a component's descriptor and life cycle from a class.
//
// The class T has
//   static constexpr std::string_view kName, kSummary;
//   struct Options and a table `kOptions` of OptionRow<Options> (static member), or neither;
//   T(sdk::Host, Options), or T(sdk::Host, Options, Value) to keep the configuration as it came,
//   or T(sdk::Host) without options;
//   optional: void start(); void stop(); static Status validate(sdk::Host, const Options&, Value);
//   optional: static constexpr std::uint32_t kFlags (NX_COMPONENT_*); kNeeds (array of nx_str);
//             std::string_view kSchema (more members of the options' schema, see schema_of).
// The adapter of a kind (discovery.hpp, exporter.hpp, ...) adds the interface.
#pragma once

#include <narthex/sdk/host.hpp>
#include <narthex/sdk/options.hpp>

#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

namespace narthex::sdk {

template <class T>
concept HasOptions = requires { typename T::Options; std::span(T::kOptions); };

template <class T>
struct LifeCycle {
  static nx_status create(const nx_host* host, const nx_value* config, void** out,
                          nx_error* err) noexcept {
    return guard(err, [&] { *out = make(Host(host), Value(config)).release(); });
  }
  static nx_status validate(const nx_host* host, const nx_value* config, nx_error* err) noexcept {
    return guard(err, [&]() -> Status {
      if constexpr (requires(const typename T::Options& o) {
                      T::validate(Host(host), o, Value(config));
                    }) {
        return T::validate(Host(host), read(Value(config)), Value(config));
      } else {
        return Status();
      }
    });
  }
  static nx_status start(void* instance, nx_error* err) noexcept {
    return guard(err, [&] {
      if constexpr (requires(T& t) { t.start(); }) return static_cast<T*>(instance)->start();
    });
  }
  static void stop(void* instance, std::int64_t) noexcept {
    (void)guard(nullptr, [&] {
      if constexpr (requires(T& t) { t.stop(); }) static_cast<T*>(instance)->stop();
    });
  }
  static void destroy(void* instance) noexcept {
    std::unique_ptr<T>(static_cast<T*>(instance)).reset();
  }

 private:
  static auto read(Value config) {
    using Options = typename T::Options;
    return read_options<Options>(std::span<const OptionRow<Options>>(T::kOptions), config);
  }
  static std::unique_ptr<T> make(Host host, Value config) {
    if constexpr (!HasOptions<T>) {
      return std::make_unique<T>(host);
    } else if constexpr (std::is_constructible_v<T, Host, typename T::Options, Value>) {
      return std::make_unique<T>(host, read(config), config);
    } else {
      return std::make_unique<T>(host, read(config));
    }
  }
};

// The descriptor of T with the given interfaces; both must be static.
template <class T>
nx_component describe(std::span<const nx_interface> interfaces) {
  nx_component c{};
  c.struct_size = sizeof c;
  c.name = to_nx(T::kName);
  c.summary = to_nx(T::kSummary);
  if constexpr (requires { T::kFlags; }) c.flags = T::kFlags;
  if constexpr (HasOptions<T>) {
    using Options = typename T::Options;
    std::string_view more;
    if constexpr (requires { T::kSchema; }) more = T::kSchema;
    static const std::string schema =
        schema_of<Options>(std::span<const OptionRow<Options>>(T::kOptions), more);
    c.config_schema = to_nx(schema);
  }
  if constexpr (requires { std::span(T::kNeeds); }) {
    c.needs = std::data(T::kNeeds);
    c.needs_count = static_cast<std::uint32_t>(std::size(T::kNeeds));
  }
  c.interfaces = interfaces.data();
  c.interface_count = static_cast<std::uint32_t>(interfaces.size());
  c.validate = &LifeCycle<T>::validate;
  c.create = &LifeCycle<T>::create;
  c.start = &LifeCycle<T>::start;
  c.stop = &LifeCycle<T>::stop;
  c.destroy = &LifeCycle<T>::destroy;
  return c;
}

// The descriptor of a plugin. Each Component is an adapter with `static const nx_component*
// component()`: sdk::Discovery<T>, sdk::Exporter<T>, ...
template <class... Component>
const nx_plugin* describe_plugin(std::string_view id, std::string_view version,
                                 std::string_view summary) {
  static const nx_component* const components[] = {Component::component()...};
  static const nx_plugin plugin = [&] {
    nx_plugin p{};
    p.struct_size = sizeof p;
    p.abi_minor = NX_TARGET_ABI_MINOR;
    p.id = to_nx(id);
    p.version = to_nx(version);
    p.vendor = to_nx("Narthex");
    p.license = to_nx("Apache-2.0");
    p.summary = to_nx(summary);
    p.components = components;
    p.component_count = sizeof...(Component);
    return p;
  }();
  return &plugin;
}

}  // namespace narthex::sdk

// Defines the entry function and the ELF note of a plugin:
//   NARTHEX_PLUGIN("discovery.file", "0.1.0", "Targets from files", sdk::Discovery<FileDiscovery>)
#define NARTHEX_PLUGIN(ID, VERSION, SUMMARY, ...)                                      \
  NX_PLUGIN_NOTE(ID, VERSION);                                                         \
  extern "C" NX_EXPORT const nx_plugin* narthex_plugin_v0(void) {                      \
    return ::narthex::sdk::describe_plugin<__VA_ARGS__>(ID, VERSION, SUMMARY);         \
  }
