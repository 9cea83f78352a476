// SPDX-License-Identifier: Apache-2.0
// discovery.hpp - discovery plugins in C++: a class with `void refresh(DiscoverySink&)`, called by
// the host every interval on a worker, or `void run(DiscoverySink)`, which starts a watch of its
// own.
#pragma once

#include <narthex/discovery.h>
#include <narthex/sdk/component.hpp>
#include <narthex/sdk/labels.hpp>

#include <span>
#include <string>
#include <vector>

namespace narthex::sdk {

struct TargetGroup {
  std::string source;
  Labels labels;
  std::vector<Labels> targets;  // each with "__address__"
};

// Where a discoverer sends its groups. A view, copyable, thread-safe, valid until stop() returned.
class DiscoverySink {
 public:
  explicit DiscoverySink(const nx_discovery_sink* sink) noexcept : sink_(sink) {}

  // Replaces the groups' sources; all groups become visible together.
  Status update(std::span<const TargetGroup> groups) const {
    std::size_t label_count = 0;
    std::size_t target_count = 0;
    for (const TargetGroup& g : groups) {
      label_count += g.labels.size();
      target_count += g.targets.size();
      for (const Labels& t : g.targets) label_count += t.size();
    }
    // Reserved in full: pointers into these vectors stay good below.
    std::vector<nx_label> labels;
    labels.reserve(label_count);
    std::vector<nx_target> targets;
    targets.reserve(target_count);
    std::vector<nx_target_group> raw;
    raw.reserve(groups.size());
    std::vector<const nx_target_group*> pointers;
    for (const TargetGroup& g : groups) {
      nx_target_group out{};
      out.struct_size = sizeof out;
      out.source = to_nx(g.source);
      out.labels = labels.data() + labels.size();
      out.label_count = static_cast<std::uint32_t>(g.labels.size());
      g.labels.append_to(labels);
      out.targets = targets.data() + targets.size();
      out.target_count = static_cast<std::uint32_t>(g.targets.size());
      for (const Labels& t : g.targets) {
        targets.push_back({labels.data() + labels.size(), t.size()});
        t.append_to(labels);
      }
      raw.push_back(out);
      pointers.push_back(&raw.back());
    }
    ErrorSlot err;
    return err.status(
        sink_->update(sink_, pointers.data(), static_cast<std::uint32_t>(pointers.size()), &err));
  }
  Status update(const TargetGroup& group) const { return update(std::span(&group, 1)); }
  // Says that the first full set has been sent.
  void synced() const { sink_->synced(sink_); }

 private:
  const nx_discovery_sink* sink_;
};

template <class T>
struct Discovery {
  static const nx_component* component() {
    static const nx_discovery table = [] {
      nx_discovery d{};
      d.struct_size = sizeof d;
      if constexpr (requires { T::kDefaultIntervalMs; }) {
        d.default_interval_ms = T::kDefaultIntervalMs;
      }
      if constexpr (requires(T & t, DiscoverySink & s) { t.refresh(s); }) d.refresh = &refresh;
      if constexpr (requires(T & t, DiscoverySink s) { t.run(s); }) d.run = &run;
      return d;
    }();
    static const nx_interface interfaces[] = {{NX_STR(NX_DISCOVERY_ID), &table}};
    static const nx_component component = describe<T>(interfaces);
    return &component;
  }

 private:
  static nx_status refresh(void* instance, const nx_discovery_sink* raw, nx_error* err) noexcept {
    return guard(err, [&] {
      DiscoverySink sink(raw);
      return static_cast<T*>(instance)->refresh(sink);
    });
  }
  static nx_status run(void* instance, const nx_discovery_sink* raw, nx_error* err) noexcept {
    return guard(err, [&] { return static_cast<T*>(instance)->run(DiscoverySink(raw)); });
  }
};

}  // namespace narthex::sdk
