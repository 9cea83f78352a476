// SPDX-License-Identifier: Apache-2.0
#include "runtime/signals.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <utility>

namespace narthex::runtime {

// The set is touched on the loop only; the strand is what may be closed from anywhere.
struct SignalWatch::State : std::enable_shared_from_this<SignalWatch::State> {
  State(AsioExecutor& executor, SignalCallbacks c)
      : callbacks(std::move(c)),
        strand(executor, Pool::kIo),
        set(executor.io_context(), SIGTERM, SIGINT, SIGHUP) {}

  void wait() {
    set.async_wait([self = shared_from_this()](const boost::system::error_code& error, int signal) {
      if (error) return;
      self->strand.post([state = self.get(), signal] { state->call(signal); });
      self->wait();
    });
  }

  void call(int signal) const {
    if (signal == SIGHUP) {
      if (callbacks.reload) callbacks.reload();
    } else if (callbacks.terminate) {
      callbacks.terminate(signal);
    }
  }

  const SignalCallbacks callbacks;
  Strand strand;
  boost::asio::signal_set set;
};

SignalWatch::SignalWatch(AsioExecutor& executor, SignalCallbacks callbacks)
    : state_(std::make_shared<State>(executor, std::move(callbacks))) {
  std::signal(SIGPIPE, SIG_IGN);
  state_->wait();
}

SignalWatch::~SignalWatch() {
  state_->strand.close();
  boost::asio::post(state_->set.get_executor(), [state = state_] { state->set.cancel(); });
}

}  // namespace narthex::runtime
