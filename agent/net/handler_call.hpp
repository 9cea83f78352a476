// SPDX-License-Identifier: Apache-2.0
// handler_call.hpp - what happens on a thread of a lane: the exchange becomes a Request, its
// handler is called, and the Response becomes an Answer for the connection, at once or later.
// Nothing is thrown out of it.
#pragma once

#include "net/exchange.hpp"
#include "net/http.hpp"
#include "regex/regex.hpp"
#include "runtime/clock.hpp"
#include "runtime/executor.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace narthex::net {

// Which origins may read our answers. Immutable.
class CorsPolicy {
 public:
  CorsPolicy() = default;  // none
  static Result<CorsPolicy> make(const std::string& pattern);
  bool allows(std::string_view origin) const;

 private:
  std::optional<regex::Regex> regex_;
};

// What calls share. Immutable after construction; outlives them.
struct CallEnvironment {
  const runtime::Clock* clock = nullptr;
  CorsPolicy cors;
  std::function<Handler()> fallback;  // for exchanges without a route
  // Runs a job on a lane, ahead of its queue. Called on the server's strand.
  std::function<void(Lane, runtime::Task)> resume;
};

void call_handler(std::shared_ptr<const CallEnvironment> environment,
                  std::shared_ptr<Exchange> exchange, std::shared_ptr<Outlet> outlet);

}  // namespace narthex::net
