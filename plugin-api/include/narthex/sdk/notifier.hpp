// SPDX-License-Identifier: Apache-2.0
// notifier.hpp - notifier plugins in C++: a class with `Status notify(const Alerts&, deadline)`, or
// the same returning void and throwing sdk::Error. The host queues, batches and retries: return
// unavailable() to be asked again, anything else that fails drops the batch.
//
// Alerts and Alert are views, valid during the call.
#pragma once

#include <narthex/notifier.h>
#include <narthex/sdk/component.hpp>
#include <narthex/sdk/labels.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace narthex::sdk {

class Alert {
 public:
  explicit Alert(const nx_alert* alert) noexcept : alert_(alert) {}
  const nx_alert& raw() const noexcept { return *alert_; }

  bool firing() const noexcept { return alert_->state == NX_ALERT_FIRING; }
  // Sorted by name.
  std::span<const nx_label> labels() const noexcept {
    return {alert_->labels, alert_->label_count};
  }
  std::span<const nx_label> annotations() const noexcept {
    return {alert_->annotations, alert_->annotation_count};
  }
  std::string_view label(std::string_view name) const noexcept { return find(labels(), name); }
  std::string_view annotation(std::string_view name) const noexcept {
    return find(annotations(), name);
  }
  std::string_view name() const noexcept { return label("alertname"); }
  std::int64_t starts_at_ms() const noexcept { return alert_->starts_at; }
  std::int64_t ends_at_ms() const noexcept { return alert_->ends_at; }
  double value() const noexcept { return alert_->value; }
  std::string_view generator_url() const noexcept { return view(alert_->generator_url); }

 private:
  static std::string_view find(std::span<const nx_label> list, std::string_view name) noexcept {
    for (const nx_label& label : list) {
      if (view(label.name) == name) return view(label.value);
    }
    return {};
  }
  const nx_alert* alert_;
};

// A batch.
class Alerts {
 public:
  Alerts(const nx_alert* const* alerts, std::uint32_t count) noexcept : list_(alerts, count) {}
  std::size_t size() const noexcept { return list_.size(); }
  Alert operator[](std::size_t i) const noexcept { return Alert(list_[i]); }

 private:
  std::span<const nx_alert* const> list_;
};

template <class T>
struct Notifier {
  static const nx_component* component() {
    static const nx_notifier table = [] {
      nx_notifier n{};
      n.struct_size = sizeof n;
      if constexpr (requires { T::kMaxBatch; }) n.max_batch = T::kMaxBatch;
      n.notify = &notify;
      if constexpr (requires(T& t) { t.probe(); }) n.probe = &probe;
      return n;
    }();
    static const nx_interface interfaces[] = {{NX_STR(NX_NOTIFIER_ID), &table}};
    static const nx_component component = describe<T>(interfaces);
    return &component;
  }

 private:
  static nx_status notify(void* instance, const nx_alert* const* alerts, std::uint32_t count,
                          std::int64_t deadline_mono_ns, nx_error* err) noexcept {
    return guard(err, [&] {
      return static_cast<T*>(instance)->notify(Alerts(alerts, count), deadline_mono_ns);
    });
  }
  static nx_status probe(void* instance, nx_error* err) noexcept {
    return guard(err, [&] { return static_cast<T*>(instance)->probe(); });
  }
};

}  // namespace narthex::sdk
