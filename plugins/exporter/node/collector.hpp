// SPDX-License-Identifier: Apache-2.0
// collector.hpp - one subject of the host (cpu, meminfo, ...) as node_exporter has it: same names,
// labels, types. Each collector stands alone; its failure is its own.
// Collectors of an instance run one after the other, never at once.
#pragma once

#include <narthex/sdk/exporter.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace narthex::exporter_node {

// Where the host is mounted; in a container these point into it.
struct Paths {
  std::string procfs = "/proc";
  std::string sysfs = "/sys";
  std::string rootfs = "/";
  std::string udev_data = "/run/udev/data";
};

// What a collector is told about the present collection.
struct Round {
  std::uint64_t number = 0;  // from 1
  std::int64_t mono_ns = 0;  // its beginning
  std::int64_t deadline_mono_ns = 0;
};

class Collector {
 public:
  virtual ~Collector() = default;
  virtual Status collect(const sdk::Collection& out, const Round& round) = 0;
};

// Series sets of things that come and go: a CPU, a device. What is not asked for in a round is
// gone.
class EntitySets {
 public:
  // build() gives the table of a new entity.
  template <class Build>
  sdk::SeriesSet& at(std::string_view key, std::uint64_t round, Build build) {
    auto found = sets_.find(key);
    if (found == sets_.end()) {
      found = sets_.emplace(std::string(key), Entity{sdk::SeriesSet(build()), 0}).first;
    }
    found->second.round = round;
    return found->second.set;
  }
  void drop(std::string_view key, const sdk::Collection& out) {
    const auto found = sets_.find(key);
    if (found == sets_.end()) return;
    found->second.set.drop(out);
    sets_.erase(found);
  }
  // Drops what was not asked for in this round.
  void sweep(const sdk::Collection& out, std::uint64_t round) {
    std::erase_if(sets_, [&](auto& entry) {
      if (entry.second.round == round) return false;
      entry.second.set.drop(out);
      return true;
    });
  }

 private:
  struct Entity {
    sdk::SeriesSet set;
    std::uint64_t round;
  };
  std::map<std::string, Entity, std::less<>> sets_;
};

}  // namespace narthex::exporter_node
