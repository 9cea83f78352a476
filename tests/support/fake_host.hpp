// SPDX-License-Identifier: Apache-2.0
// fake_host.hpp - the smallest nx_host a component can live with: logs into a string, keeps health,
// offers the services that the test hands it, and has a clock that the test moves.
#pragma once

#include <narthex/host.h>
#include <narthex/sdk/buffer.hpp>
#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/host.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace narthex::test {

class FakeHost {
 public:
  FakeHost() {
    raw_.struct_size = sizeof raw_;
    raw_.abi_minor = NX_ABI_MINOR;
    raw_.impl = this;
    raw_.product = to_nx("narthex");
    raw_.version = to_nx("0.0.0");
    raw_.instance = to_nx("test#0");
    raw_.log = &on_log;
    raw_.get_extension = &on_get_extension;
    raw_.buffer_new = &on_buffer_new;
    raw_.now_ms = [](const nx_host* h) { return self(h).now_ms; };
    raw_.mono_ns = [](const nx_host* h) { return self(h).mono_ns; };
    raw_.thread_kind = [](const nx_host*) -> std::int32_t { return NX_THREAD_WORKER; };
    raw_.set_health = &on_set_health;
    raw_.config_error = &on_config_error;
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const nx_host* raw() const { return &raw_; }
  sdk::Host host() const { return sdk::Host(&raw_); }
  void offer(std::string_view id, const void* table) { services_[std::string(id)] = table; }

  std::string log;  // a line a message
  std::int32_t health = NX_HEALTH_OK;
  std::int64_t now_ms = 1'700'000'000'000;
  std::int64_t mono_ns = 1'000'000'000;

 private:
  static FakeHost& self(const nx_host* h) { return *static_cast<FakeHost*>(h->impl); }

  static void on_log(const nx_host* h, std::int32_t, nx_str text, const nx_kv* fields,
                     std::uint32_t count) {
    FakeHost& host = self(h);
    const std::lock_guard lock(host.mutex_);
    host.log += view(text);
    for (std::uint32_t i = 0; i < count; ++i) {
      ((host.log += ' ') += view(fields[i].key)) += '=';
      host.log += sdk::Value(&fields[i].value).get<std::string_view>();
    }
    host.log += '\n';
  }
  static const void* on_get_extension(const nx_host* h, nx_str id) {
    const auto at = self(h).services_.find(std::string(view(id)));
    return at == self(h).services_.end() ? nullptr : at->second;
  }
  static nx_buffer* on_buffer_new(const nx_host*, std::uint64_t size, void** writable) {
    nx_buffer* buffer = nullptr;
    BufferRef made = make_buffer(std::string(size, '\0'));
    buffer = made.get();
    buffer->retain(buffer);
    *writable = const_cast<void*>(buffer->data);
    return buffer;
  }
  static void on_set_health(const nx_host* h, std::int32_t health, nx_str) {
    self(h).health = health;
  }
  static nx_status on_config_error(const nx_host*, const nx_value*, nx_str text, nx_error* err) {
    return sdk::fail(err, NX_ERR_INVALID_CONFIG, view(text));
  }

  nx_host raw_{};
  std::map<std::string, const void*> services_;
  std::mutex mutex_;
};

}  // namespace narthex::test
