// SPDX-License-Identifier: Apache-2.0
// raw_peer.hpp - sockets without any HTTP in them, for tests that misbehave on purpose. Everything
// is on 127.0.0.1, and every wait is bounded.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace narthex::tests {

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

inline int port_of(std::string_view address) {
  return std::stoi(std::string(address.substr(address.rfind(':') + 1)));
}

class RawSocket {
 public:
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {}
  RawSocket(RawSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket() { close(); }

  static RawSocket connect(int port, int receive_buffer = 0) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer != 0) {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    const sockaddr_in address = loopback(port);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::runtime_error("cannot connect");
    }
    return RawSocket(descriptor);
  }

  int descriptor() const { return descriptor_; }
  // False when the peer is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      pollfd ready{descriptor_, POLLOUT, 0};
      if (poll(&ready, 1, 10'000) <= 0) return false;
      const ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size < 0 && errno != EAGAIN) return false;
      if (size > 0) bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }
  // What comes until done(bytes), the end of the stream, or the time is over.
  std::string receive(const std::function<bool(const std::string&)>& done,
                      int timeout_ms = 10'000) {
    std::string bytes;
    char piece[65536];
    while (!done(bytes)) {
      pollfd ready{descriptor_, POLLIN, 0};
      if (poll(&ready, 1, timeout_ms) <= 0) break;
      const ssize_t size = recv(descriptor_, piece, sizeof(piece), 0);
      if (size <= 0) {
        closed_ = true;
        break;
      }
      bytes.append(piece, static_cast<std::size_t>(size));
    }
    return bytes;
  }
  std::string receive_all(int timeout_ms = 10'000) {
    return receive([](const std::string&) { return false; }, timeout_ms);
  }
  // One answer with a Content-Length (or without a body).
  std::string receive_answer(int timeout_ms = 10'000) {
    return receive(
        [](const std::string& bytes) {
          const std::size_t end = bytes.find("\r\n\r\n");
          if (end == std::string::npos) return false;
          const std::size_t at = bytes.find("Content-Length: ");
          if (at == std::string::npos || at > end) return true;
          return bytes.size() >= end + 4 + std::stoul(bytes.substr(at + 16));
        },
        timeout_ms);
  }
  bool closed() const { return closed_; }
  void finish_sending() { shutdown(descriptor_, SHUT_WR); }
  void reset_on_close() {
    const linger now{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

 private:
  int descriptor_;
  bool closed_ = false;
};

// Accepts on a port of its own and runs serve(connection, number) for one connection after another.
class RawServer {
 public:
  using Serve = std::function<void(RawSocket&, int)>;
  explicit RawServer(Serve serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        listen(listener_, 64) != 0) {
      throw std::runtime_error("cannot listen");
    }
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~RawServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  int port() const { return port_; }
  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }

 private:
  void run() {
    for (int number = 0;; ++number) {
      const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      RawSocket connection(descriptor);
      serve_(connection, number);
    }
  }
  Serve serve_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace narthex::tests
