// SPDX-License-Identifier: Apache-2.0
// notify.hpp - tells a service manager how the process is (the sd_notify protocol: one datagram to
// the socket that $NOTIFY_SOCKET names). Without such a socket every call does nothing.
// Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace narthex::runtime {

class ServiceNotifier {
 public:
  // A path, or "@name" for an abstract socket; empty: nobody listens.
  explicit ServiceNotifier(std::string socket, std::int64_t watchdog_interval_ms = 0)
      : socket_(std::move(socket)), watchdog_interval_ms_(watchdog_interval_ms) {}
  // From $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID. Leaves the environment as it is.
  static ServiceNotifier from_environment();

  void ready(std::string_view status) const;
  // Not ready yet, and will not be for up to more_ms: the manager waits that long from now on.
  void starting(std::string_view status, std::int64_t more_ms) const;
  void reloading(std::int64_t mono_ns) const;  // follow it with ready()
  void stopping(std::string_view status) const;
  void status(std::string_view text) const;
  void watchdog() const;

  // How often watchdog() must be called at most this far apart; 0: never. Call it twice as often.
  std::int64_t watchdog_interval_ms() const noexcept { return watchdog_interval_ms_; }

 private:
  void send(std::string_view message) const;

  std::string socket_;
  std::int64_t watchdog_interval_ms_;
};

}  // namespace narthex::runtime
