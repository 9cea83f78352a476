// SPDX-License-Identifier: Apache-2.0
// Signals and notes to the service manager.
#include "runtime/notify.hpp"
#include "runtime/signals.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstring>
#include <future>
#include <string>

using namespace narthex::runtime;

namespace {

// A datagram socket as a service manager has it, under an abstract name of this process.
class Manager {
 public:
  Manager() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    name_ = "@narthex-notify-test-" + std::to_string(getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data() + 1, name_.size() - 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  }
  ~Manager() { close(fd_); }

  const std::string& name() const { return name_; }
  std::string next() const {
    char text[512];
    const ssize_t size = recv(fd_, text, sizeof text, MSG_DONTWAIT);
    return size < 0 ? std::string() : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  int fd_;
  std::string name_;
};

}  // namespace

TEST_CASE("the service manager hears each state as one datagram", "[runtime]") {
  const Manager manager;
  const ServiceNotifier notifier(manager.name());
  notifier.ready("serving\non 127.0.0.1:9090");
  CHECK(manager.next() == "READY=1\nSTATUS=serving on 127.0.0.1:9090");
  notifier.reloading(5'000'000);
  CHECK(manager.next() == "RELOADING=1\nMONOTONIC_USEC=5000");
  notifier.status("replaying");
  CHECK(manager.next() == "STATUS=replaying");
  notifier.watchdog();
  CHECK(manager.next() == "WATCHDOG=1");
  notifier.stopping("signal");
  CHECK(manager.next() == "STOPPING=1\nSTATUS=signal");
}

TEST_CASE("without a service manager a note is nothing", "[runtime]") {
  unsetenv("NOTIFY_SOCKET");
  const ServiceNotifier notifier = ServiceNotifier::from_environment();
  notifier.ready("x");
  CHECK(notifier.watchdog_interval_ms() == 0);
  ServiceNotifier("/nowhere/at/all").ready("x");
}

TEST_CASE("the watchdog interval holds for the process it names", "[runtime]") {
  setenv("WATCHDOG_USEC", "30000000", 1);
  CHECK(ServiceNotifier::from_environment().watchdog_interval_ms() == 30'000);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  CHECK(ServiceNotifier::from_environment().watchdog_interval_ms() == 30'000);
  setenv("WATCHDOG_PID", "1", 1);
  CHECK(ServiceNotifier::from_environment().watchdog_interval_ms() == 0);
  unsetenv("WATCHDOG_PID");
  unsetenv("WATCHDOG_USEC");
}

TEST_CASE("signals arrive as calls, again and again", "[runtime]") {
  AsioExecutor executor({1, 1, 1});
  std::promise<int> terminate;
  std::promise<void> reload;
  {
    const SignalWatch watch(
        executor, {[&](int signal) { terminate.set_value(signal); }, [&] { reload.set_value(); }});
    raise(SIGPIPE);
    raise(SIGHUP);
    reload.get_future().wait();
    raise(SIGTERM);
    CHECK(terminate.get_future().get() == SIGTERM);
  }
}
