// SPDX-License-Identifier: Apache-2.0
// direct_instance.hpp - an instance of a component that is linked into the test: no file, no
// dlopen, no breaker. Calls go through Instance::call as in the agent; an exception fails the call.
// Rooms that talk to plugins (store, ingest, scrape, discovery, promql) are tested with it.
//
//   FakeHost host;
//   auto storage = DirectInstance::make(*sdk::Storage<MemoryStorage>::component(), host);
//
// The host outlives the instance. Thread-safe as far as the component is.
#pragma once

#include "host/instance.hpp"
#include "tests/support/fake_host.hpp"

#include <narthex/sdk/value.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace narthex::test {

class DirectInstance final : public host::Instance {
 public:
  // Creates and starts; throws sdk::Error when the component refuses. `config` outlives it.
  static std::shared_ptr<DirectInstance> make(const nx_component& component, FakeHost& host,
                                              const nx_value* config = nullptr) {
    auto made = std::shared_ptr<DirectInstance>(new DirectInstance(component, host, config));
    const Status started = made->start();
    if (!started.ok()) throw sdk::Error(started);
    return made;
  }
  ~DirectInstance() override {
    stop(0);
    if (component_.destroy != nullptr) component_.destroy(self_);
  }

  const std::string& name() const override { return name_; }
  const std::string& component() const override { return name_; }
  const std::string& plugin_id() const override { return name_; }
  void* self() const override { return self_; }
  const nx_host* host() const override { return host_.raw(); }
  const nx_value& config() const override { return config_; }
  const void* table(std::string_view interface_id) const override {
    for (const nx_interface& i : std::span(component_.interfaces, component_.interface_count)) {
      if (view(i.id) == interface_id) return i.vtable;
    }
    return nullptr;
  }
  Status start() override {
    if (started_ || component_.start == nullptr) return Status();
    sdk::ErrorSlot err;
    const Status status = err.status(component_.start(self_, &err));
    started_ = status.ok();
    return status;
  }
  void stop(std::int64_t deadline_mono_ns) override {
    if (started_ && component_.stop != nullptr) component_.stop(self_, deadline_mono_ns);
    started_ = false;
  }
  host::CallSite site(const char* entry, std::int64_t deadline_ms) override {
    host::CallSite made;
    made.entry = entry;
    made.deadline_ms = deadline_ms;
    return made;
  }
  bool available() const override { return true; }

 protected:
  bool begin_call(const host::CallSite&, host::CallFrame&) override { return true; }
  void end_call(const host::CallSite&, const host::CallFrame&, nx_status, host::Breach,
                const nx_error&) override {}
  Status refusal(const host::CallSite&) const override { return unavailable("refused"); }
  Status breached(const host::CallSite& call, host::Breach) const override {
    return internal_error(std::string(call.entry) + " threw an exception");
  }

 private:
  DirectInstance(const nx_component& component, FakeHost& host, const nx_value* config)
      : component_(component), host_(host), name_(view(component.name)) {
    config_.type = NX_TABLE;
    if (config != nullptr) config_ = *config;
    sdk::ErrorSlot err;
    if (component_.create != nullptr) {
      err.check(component_.create(host_.raw(), &config_, &self_, &err));
    }
  }

  const nx_component& component_;
  FakeHost& host_;
  const std::string name_;
  nx_value config_{};
  void* self_ = nullptr;
  bool started_ = false;
};

}  // namespace narthex::test
