// SPDX-License-Identifier: Apache-2.0
#include "runtime/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace narthex::runtime {
namespace {

std::int64_t integer_of(const char* text) {
  return text != nullptr ? std::strtoll(text, nullptr, 10) : 0;
}

// A status is one line; a line break in it would begin another assignment.
std::string status_line(std::string_view text) {
  std::string line = "STATUS=";
  for (const char c : text) line += c == '\n' ? ' ' : c;
  return line;
}

}  // namespace

ServiceNotifier ServiceNotifier::from_environment() {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  const char* pid = std::getenv("WATCHDOG_PID");
  std::int64_t watchdog_ms = integer_of(std::getenv("WATCHDOG_USEC")) / 1000;
  if (pid != nullptr && integer_of(pid) != getpid()) watchdog_ms = 0;
  return ServiceNotifier(socket != nullptr ? socket : "", watchdog_ms);
}

void ServiceNotifier::ready(std::string_view status) const {
  send("READY=1\n" + status_line(status));
}

void ServiceNotifier::starting(std::string_view status, std::int64_t more_ms) const {
  send("EXTEND_TIMEOUT_USEC=" + std::to_string(more_ms * 1000) + "\n" + status_line(status));
}

void ServiceNotifier::reloading(std::int64_t mono_ns) const {
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(mono_ns / 1000));
}

void ServiceNotifier::stopping(std::string_view status) const {
  send("STOPPING=1\n" + status_line(status));
}

void ServiceNotifier::status(std::string_view text) const { send(status_line(text)); }

void ServiceNotifier::watchdog() const { send("WATCHDOG=1"); }

void ServiceNotifier::send(std::string_view message) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') address.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  // Nobody to tell a failure to: the manager is the one that does not listen.
  (void)sendto(fd, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&address),
               static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size()));
  close(fd);
}

}  // namespace narthex::runtime
