// SPDX-License-Identifier: Apache-2.0
// signals.hpp - signals of the process as ordinary calls. One object a process, made by the app.
#pragma once

#include "runtime/asio_executor.hpp"

#include <functional>
#include <memory>

namespace narthex::runtime {

struct SignalCallbacks {
  std::function<void(int signal)> terminate;  // SIGTERM, SIGINT; each time one arrives
  std::function<void()> reload;               // SIGHUP
};

// From construction on these signals no longer end the process, and SIGPIPE is ignored: a peer that
// has gone shows as an error of write(). Callbacks run on kIo, one at a time; none runs after the
// destructor has returned. The executor must outlive it.
class SignalWatch {
 public:
  SignalWatch(AsioExecutor& executor, SignalCallbacks callbacks);
  ~SignalWatch();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace narthex::runtime
