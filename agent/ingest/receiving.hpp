// SPDX-License-Identifier: Apache-2.0
// receiving.hpp - a receiver at work, whatever its door is: HTTP routes (receiver.hpp) or sockets
// of its own (socket_receiver.hpp). start() and stop() come from one thread at a time.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>

namespace narthex::ingest {

class Receiving {
 public:
  virtual ~Receiving() = default;
  // On failure nothing stays open.
  virtual Status start() = 0;
  // Takes nothing new, finishes what came in, and stops the instance.
  virtual void stop(std::int64_t deadline_mono_ns) = 0;
};

}  // namespace narthex::ingest
