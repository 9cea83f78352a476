// SPDX-License-Identifier: Apache-2.0
// recorded_groups.hpp - a discovery sink that keeps the present state of every source.
#pragma once

#include <narthex/discovery.h>
#include <narthex/sdk/discovery.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace narthex::test {

class RecordedGroups {
 public:
  RecordedGroups() {
    raw_.struct_size = sizeof raw_;
    raw_.impl = this;
    raw_.update = &on_update;
    raw_.synced = [](const nx_discovery_sink* s) { ++self(s).synced; };
  }
  RecordedGroups(const RecordedGroups&) = delete;
  RecordedGroups& operator=(const RecordedGroups&) = delete;

  sdk::DiscoverySink sink() const { return sdk::DiscoverySink(&raw_); }
  const nx_discovery_sink* raw() const { return &raw_; }

  // "__address__" of all targets of a source, in order.
  std::vector<std::string> addresses(const std::string& source) const {
    std::vector<std::string> out;
    const auto at = groups.find(source);
    if (at == groups.end()) return out;
    for (const Labels& t : at->second.targets) out.emplace_back(t.get("__address__"));
    return out;
  }

  std::map<std::string, sdk::TargetGroup> groups;
  int updates = 0;
  int synced = 0;

 private:
  static RecordedGroups& self(const nx_discovery_sink* s) {
    return *static_cast<RecordedGroups*>(s->impl);
  }
  static Labels labels(const nx_label* all, std::uint64_t count) {
    Labels out;
    for (std::uint64_t i = 0; i < count; ++i) out.set(view(all[i].name), view(all[i].value));
    return out;
  }
  static nx_status NX_CALL on_update(const nx_discovery_sink* s, const nx_target_group* const* all,
                                     std::uint32_t count, nx_error*) {
    RecordedGroups& me = self(s);
    ++me.updates;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string source(view(all[i]->source));
      me.groups.erase(source);
      if (all[i]->target_count == 0) continue;
      sdk::TargetGroup& group = me.groups[source];
      group.source = source;
      group.labels = labels(all[i]->labels, all[i]->label_count);
      for (std::uint32_t t = 0; t < all[i]->target_count; ++t) {
        group.targets.push_back(labels(all[i]->targets[t].labels, all[i]->targets[t].label_count));
      }
    }
    return NX_OK;
  }

  nx_discovery_sink raw_{};
};

}  // namespace narthex::test
