// SPDX-License-Identifier: Apache-2.0
// discoverer.hpp - the seam between the discovery manager and what discovers: a plugin's instance
// in the agent (plugin_discoverer.hpp), a few lambdas in the tests.
#pragma once

#include "discovery/options.hpp"

#include <narthex/discovery.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace narthex::discovery {

// One instance of a discovery mechanism. start() and stop() are called once each, from one thread
// at a time; refresh() never overlaps itself.
class Discoverer {
 public:
  virtual ~Discoverer() = default;

  // Begins a life; a watch sends to the sink from now on. The sink stays valid until stop()
  // returned.
  virtual Status start(const nx_discovery_sink* sink) = 0;
  virtual void stop(std::int64_t deadline_mono_ns) = 0;

  // True: it sends by itself, refresh() is never called.
  virtual bool watches() const = 0;
  // How often refresh() is wanted; 0: once.
  virtual std::int64_t interval_ms() const = 0;
  // Sends everything there is. May block.
  virtual Status refresh(const nx_discovery_sink* sink) = 0;
};

class DiscovererFactory {
 public:
  virtual ~DiscovererFactory() = default;
  // `name` is the instance's, unique in the process: "discovery.file#pods/0".
  virtual Result<std::unique_ptr<Discoverer>> make(const std::string& name,
                                                   const MechanismOptions& options) = 0;
};

}  // namespace narthex::discovery
