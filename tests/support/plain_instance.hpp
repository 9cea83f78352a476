// SPDX-License-Identifier: Apache-2.0
// plain_instance.hpp - a host::Instance over interface tables that are linked in: no plugin file,
// no breaker. For tests of rooms that call plugins.
#pragma once

#include "host/instance.hpp"

#include <narthex/sdk/text.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace narthex::test {

class PlainInstance final : public host::Instance {
 public:
  // Over one table and the object that it is for.
  PlainInstance(std::string name, std::string interface_id, const void* table, void* self)
      : name_(std::move(name)), self_(self) {
    tables_[std::move(interface_id)] = table;
  }
  // Over a component of an sdk adapter: makes the object with `host`, which must outlive this.
  PlainInstance(std::string name, const nx_component& component, const nx_host* host)
      : name_(std::move(name)), component_(&component), host_(host) {
    for (std::uint32_t i = 0; i < component.interface_count; ++i) {
      tables_[std::string(view(component.interfaces[i].id))] = component.interfaces[i].vtable;
    }
    if (component.create != nullptr) (void)component.create(host, &config_, &self_, nullptr);
  }
  ~PlainInstance() override {
    if (component_ != nullptr && component_->destroy != nullptr) component_->destroy(self_);
  }

  const std::string& name() const override { return name_; }
  const std::string& component() const override { return name_; }
  const std::string& plugin_id() const override { return name_; }
  void* self() const override { return self_; }
  const nx_host* host() const override { return host_; }
  const void* table(std::string_view id) const override {
    const auto at = tables_.find(std::string(id));
    return at != tables_.end() ? at->second : nullptr;
  }
  const nx_value& config() const override { return config_; }
  Status start() override { return {}; }
  void stop(std::int64_t) override { stopped = true; }
  host::CallSite site(const char* entry, std::int64_t deadline_ms) override {
    return {entry, deadline_ms, nullptr};
  }
  bool available() const override { return on; }
  bool collect_at(const host::CallSite&, std::int64_t at_ns, std::int64_t next_ns,
                  Begun begun) override {
    if (!keeps_time) return false;
    ahead = {at_ns, next_ns, std::move(begun)};
    return true;
  }

  // As an exporter in a process of its own: what was asked of it last is for the test to begin.
  struct Ahead {
    std::int64_t at_ns = 0, next_ns = 0;
    Begun begun;
  };
  bool keeps_time = false;
  Ahead ahead;
  bool on = true;
  bool stopped = false;

 protected:
  // What was begun can be ended, as with a real one.
  bool begin_call(const host::CallSite& site, host::CallFrame&) override {
    const std::string_view entry = site.entry;
    return on || entry.ends_with("close") || entry.ends_with("rollback");
  }
  void end_call(const host::CallSite&, const host::CallFrame&, nx_status, host::Breach,
                const nx_error&) override {}
  Status refusal(const host::CallSite& site) const override {
    return unavailable(std::string(site.entry) + " is off");
  }
  Status breached(const host::CallSite& site, host::Breach) const override {
    return internal_error(std::string(site.entry) + " threw");
  }

 private:
  std::string name_;
  const nx_component* component_ = nullptr;
  const nx_host* host_ = nullptr;
  void* self_ = nullptr;
  nx_value config_{NX_TABLE, 0, 0, 0, {0}};
  std::map<std::string, const void*> tables_;
};

}  // namespace narthex::test
