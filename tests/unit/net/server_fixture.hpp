// SPDX-License-Identifier: Apache-2.0
// server_fixture.hpp - a running server on a port of its own, with its executor and registry.
#pragma once

#include "net/server.hpp"
#include "unit/net/raw_peer.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace narthex::tests {

struct ServerFixture {
  explicit ServerFixture(net::ServerOptions options = {})
      : executor(runtime::ExecutorOptions{1, 8, 2}), server(local(options), executor, registry) {}
  ~ServerFixture() {
    server.stop(executor.clock().mono_ns() + 5'000'000'000);
    executor.stop();
  }

  static net::ServerOptions local(net::ServerOptions options) {
    options.listen = "127.0.0.1:0";
    return options;
  }
  void add(std::string method, std::string path, net::Handler handler,
           net::Lane lane = net::Lane::kControl) {
    net::Route route;
    route.method = std::move(method);
    route.path = std::move(path);
    route.handler = std::move(handler);
    route.lane = lane;
    add(std::move(route));
  }
  void add(net::Route route) {
    const Status status = server.add(std::move(route));
    INFO(status.message());
    REQUIRE(status.ok());
  }
  void start() {
    const Status status = server.start();
    INFO(status.message());
    REQUIRE(status.ok());
  }
  int port() const { return port_of(server.address()); }
  std::string url(std::string_view path) const {
    return "http://" + server.address() + std::string(path);
  }
  RawSocket connect(int receive_buffer = 0) { return RawSocket::connect(port(), receive_buffer); }
  // Sends bytes on a connection of its own and returns everything until the server closes.
  std::string exchange(std::string_view bytes, int timeout_ms = 10'000) {
    RawSocket socket = connect();
    socket.send(bytes);
    return socket.receive_all(timeout_ms);
  }

  telemetry::Registry registry;
  runtime::AsioExecutor executor;
  net::Server server;
};

inline std::string status_of(const std::string& answer) {
  return answer.size() >= 12 ? answer.substr(9, 3) : std::string();
}

inline std::size_t count_of(const std::string& text, std::string_view piece) {
  std::size_t count = 0;
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace narthex::tests
