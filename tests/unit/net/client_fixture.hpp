// SPDX-License-Identifier: Apache-2.0
// client_fixture.hpp - a client factory with its executor, and servers that answer with fixed
// bytes.
#pragma once

#include "net/client.hpp"
#include "unit/net/raw_peer.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <utility>

namespace narthex::tests {

struct ClientFixture {
  ClientFixture()
      : executor(runtime::ExecutorOptions{1, 8, 2}),
        factory(std::make_unique<net::ClientFactory>(executor, "test/1")) {}
  ~ClientFixture() {
    factory.reset();
    executor.stop();
  }
  std::shared_ptr<net::Client> client(const net::ClientOptions& options = {}) {
    auto made = factory->make(options);
    INFO(made.status().message());
    REQUIRE(made.ok());
    return *made;
  }
  Result<net::FetchResponse> get(const std::string& url, std::int64_t timeout_ms = 10'000,
                                 const net::ClientOptions& options = {}) {
    net::FetchRequest request;
    request.url = url;
    request.timeout_ms = timeout_ms;
    return client(options)->fetch_now(std::move(request));
  }
  std::string failure(const std::string& url, std::int64_t timeout_ms = 10'000,
                      const net::ClientOptions& options = {}) {
    const auto response = get(url, timeout_ms, options);
    return response.ok() ? std::string("no failure") : response.status().message();
  }

  runtime::AsioExecutor executor;
  std::unique_ptr<net::ClientFactory> factory;
};

// Reads one request head.
inline std::string read_request(RawSocket& socket) {
  return socket.receive(
      [](const std::string& bytes) { return bytes.find("\r\n\r\n") != std::string::npos; });
}

// Answers each connection with the same bytes and closes.
inline RawServer::Serve always(std::string answer) {
  return [answer = std::move(answer)](RawSocket& socket, int) {
    if (!read_request(socket).empty()) socket.send(answer);
  };
}

}  // namespace narthex::tests
