// SPDX-License-Identifier: Apache-2.0
#include "net/compression.hpp"
#include "unit/net/client_fixture.hpp"
#include "unit/net/server_fixture.hpp"

#include <mutex>
#include <vector>

using namespace narthex;
using namespace narthex::tests;
using net::FetchRequest;
using net::FetchResponse;

TEST_CASE("the client fetches from the server and keeps its connection", "[net]") {
  ServerFixture server;
  std::mutex mutex;
  std::vector<std::string> remotes;
  server.add("GET", "/metrics", [&](const net::Request& request) {
    const std::lock_guard lock(mutex);
    remotes.push_back(request.remote);
    CHECK(request.header("user-agent") == "test/1");
    CHECK(request.header("accept-encoding") == "gzip");
    return net::Response::text(200, "up 1\n");
  });
  server.start();
  ClientFixture fixture;
  for (int i = 0; i < 3; ++i) {
    const auto response = fixture.get(server.url("/metrics"));
    INFO(response.status().message());
    REQUIRE(response.ok());
    CHECK(response->status == 200);
    CHECK(response->status_line == "200 OK");
    CHECK(response->body.text() == "up 1\n");
    CHECK(response->header("content-type") == "text/plain; charset=utf-8");
  }
  REQUIRE(remotes.size() == 3);
  CHECK(remotes[0] == remotes[2]);
}

TEST_CASE("failures are worded as Go words them", "[net]") {
  ClientFixture fixture;
  CHECK(fixture.failure("http://127.0.0.1:1/metrics") ==
        "Get \"http://127.0.0.1:1/metrics\": dial tcp 127.0.0.1:1: connect: connection refused");
  CHECK(fixture.failure("http://localhost:1/metrics").find("connect: connection refused") !=
        std::string::npos);
  CHECK(fixture.failure("ftp://x/") == "Get \"ftp://x/\": unsupported protocol scheme \"ftp\"");

  const RawServer silent([](RawSocket& socket, int) { socket.receive_all(2000); });
  CHECK(fixture.failure(silent.url(), 100) ==
        "Get \"" + silent.url() + "\": context deadline exceeded");
  const RawServer leaves(always(""));
  CHECK(fixture.failure(leaves.url()) == "Get \"" + leaves.url() + "\": EOF");
  const RawServer garbage(always("garbage\r\n\r\n"));
  CHECK(fixture.failure(garbage.url()) == "Get \"" + garbage.url() +
                                              "\": net/http: HTTP/1.x transport connection broken: "
                                              "malformed HTTP response \"garbage\"");
  const RawServer shorter(always("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"));
  CHECK(fixture.failure(shorter.url()) == "unexpected EOF");
  const RawServer drip([](RawSocket& socket, int) {
    read_request(socket);
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
    socket.receive_all(2000);
  });
  CHECK(fixture.failure(drip.url(), 100) == "context deadline exceeded");
  const RawServer resets([](RawSocket& socket, int) {
    read_request(socket);
    socket.reset_on_close();
  });
  CHECK(fixture.failure(resets.url()).find("read: connection reset by peer") != std::string::npos);
}
