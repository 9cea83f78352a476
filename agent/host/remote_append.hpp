// SPDX-License-Identifier: Apache-2.0
// remote_append.hpp - the append service of a plugin that lives in another process: while a request
// is handled there, each call of it is a question back to the agent, whose own service answers.
//
//   agent: handle --> plugin: append --> agent: the store's appender --> plugin goes on --> answer
#pragma once

#include "host/process_link.hpp"

#include <narthex/host.h>

#include <functional>
#include <string>
#include <string_view>

namespace narthex::host {

// In the plugin's process, for one request: what stands behind its nx_appender.
class RemoteAppender {
 public:
  // Asks the agent and waits for what it says; ends the process where nobody is there.
  using Ask = std::function<std::string(Message kind, std::string_view body)>;

  explicit RemoteAppender(Ask ask) : ask_(std::move(ask)) {}
  nx_appender* handle() { return reinterpret_cast<nx_appender*>(this); }
  static RemoteAppender& of(nx_appender* handle) {
    return *reinterpret_cast<RemoteAppender*>(handle);
  }
  std::string ask(Message kind, std::string_view body) const { return ask_(kind, body); }

 private:
  const Ask ask_;
};

// The table for such a process; it lives for ever. begin() is refused: what a plugin stores apart
// is what requests bring.
const nx_ext_append& remote_append_service();

// In the agent: what the service says to a question of the plugin. NX_ERR_INVALID_DATA: it is none.
Result<std::string> answer_append(const nx_ext_append& service, nx_appender* appender, Message kind,
                                  std::string_view body);

}  // namespace narthex::host
