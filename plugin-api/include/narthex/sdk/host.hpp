// SPDX-License-Identifier: Apache-2.0
// host.hpp - the host object of an instance, in C++. A view: the host outlives the instance.
#pragma once

#include <narthex/host.h>
#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/value.hpp>

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::sdk {

class Host {
 public:
  explicit Host(const nx_host* host) noexcept : host_(host) {}
  const nx_host* raw() const noexcept { return host_; }
  std::string_view instance() const noexcept { return view(host_->instance); }

  using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  void log(std::int32_t level, std::string_view text, Fields fields = {}) const {
    std::vector<nx_kv> list;
    list.reserve(fields.size());
    for (const auto& [key, text_value] : fields) {
      nx_value v{};
      v.type = NX_STRING;
      v.len = static_cast<std::uint32_t>(text_value.size());
      v.u.s = text_value.data();
      list.push_back({to_nx(key), v});
    }
    host_->log(host_, level, to_nx(text), list.data(), static_cast<std::uint32_t>(list.size()));
  }
  void debug(std::string_view text, Fields fields = {}) const { log(NX_LOG_DEBUG, text, fields); }
  void info(std::string_view text, Fields fields = {}) const { log(NX_LOG_INFO, text, fields); }
  void warn(std::string_view text, Fields fields = {}) const { log(NX_LOG_WARN, text, fields); }
  void error(std::string_view text, Fields fields = {}) const { log(NX_LOG_ERROR, text, fields); }

  std::int64_t now_ms() const { return host_->now_ms(host_); }
  std::int64_t mono_ns() const { return host_->mono_ns(host_); }
  void set_health(std::int32_t health, std::string_view reason) const {
    host_->set_health(host_, health, to_nx(reason));
  }
  // The message of a semantic finding about a value of the configuration, with its place.
  Status config_error(Value where, std::string_view text) const {
    ErrorSlot err;
    return err.status(host_->config_error(host_, where.raw(), to_nx(text), &err));
  }

  // A service of host.h or event.h, or nullptr when this host does not offer it.
  template <class T>
  const T* service(std::string_view id) const {
    return static_cast<const T*>(host_->get_extension(host_, to_nx(id)));
  }

 private:
  const nx_host* host_;
};

// One of the plugin's own metrics. Does nothing where the host has no metrics or refused it.
class Cell {
 public:
  Cell() = default;
  Cell(Host host, std::uint32_t type, std::string_view name, std::string_view help)
      : table_(host.service<nx_ext_metrics>(NX_EXT_METRICS)) {
    if (table_ != nullptr) {
      cell_ = table_->cell(host.raw(), type, to_nx(name), to_nx(help), nullptr, 0);
    }
  }
  void add(double delta = 1) const {
    if (table_ != nullptr) table_->add(cell_, delta);
  }
  void set(double value) const {
    if (table_ != nullptr) table_->set(cell_, value);
  }

 private:
  const nx_ext_metrics* table_ = nullptr;
  nx_cell* cell_ = nullptr;
};

// Parses JSON, YAML or TOML with the host's parser; use(tree) runs before it returns.
inline Status parse_text(Host host, std::uint32_t format, std::string_view name,
                         std::string_view text, const std::function<void(Value)>& use) {
  const auto* service = host.service<nx_ext_text>(NX_EXT_TEXT);
  if (service == nullptr) return {NX_ERR_UNSUPPORTED, "the host offers no text parser"};
  struct Context {
    const std::function<void(Value)>* use;
    Status status;
  } context{&use, {}};
  ErrorSlot err;
  const nx_status returned = service->parse(
      host.raw(), format, to_nx(name), to_nx_bytes(text),
      [](void* ctx, const nx_value* tree) {
        auto& c = *static_cast<Context*>(ctx);
        ErrorSlot inner;
        c.status = inner.status(guard(&inner, [&] { (*c.use)(Value(tree)); }));
      },
      &context, &err);
  return returned < 0 ? err.status(returned) : context.status;
}

}  // namespace narthex::sdk
