// SPDX-License-Identifier: Apache-2.0
// control_socket.hpp - the door for tools of the same owner: an abstract Unix socket
// (unix(7)) named after the device and inode of the data directory, so that no file is left in what
// people copy. Both ends look at the other's user. It needs neither the HTTP port nor its users, so
// that `narthex reload --wait` works whatever [http] says; in another network namespace it does
// not.
//
// A client sends one line (at most 4 KiB) and reads an answer until the end: "ok TEXT" or
// "error TEXT"; TEXT may have several lines. 8 clients at once, each with 10 s for its line.
#pragma once

#include "runtime/asio_executor.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace narthex::runtime {

class ControlSocket {
 public:
  // Called on a worker; what it returns is the text of the answer, or of the error.
  using Handler = std::function<Result<std::string>(std::string_view command)>;

  // REQUIRES: the data directory is locked.
  static Result<std::unique_ptr<ControlSocket>> open(AsioExecutor& executor,
                                                     const std::string& data_dir, Handler handler);
  // No handler runs after it. Not from within one.
  ~ControlSocket();

 private:
  class State;
  explicit ControlSocket(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// Asks the agent that holds a data directory and waits up to timeout_ms for its answer.
// NX_ERR_UNAVAILABLE: none runs there, or it may not be asked; other errors are the agent's.
Result<std::string> ask_agent(const std::string& data_dir, std::string_view command,
                              std::int64_t timeout_ms);

}  // namespace narthex::runtime
