// SPDX-License-Identifier: Apache-2.0
// What the server does about clients that send what nobody should.
#include "unit/net/server_fixture.hpp"

#include "net/compression.hpp"

#include <sys/resource.h>

#include <chrono>
#include <vector>

using namespace narthex;
using namespace narthex::tests;
using net::Request;
using net::Response;

namespace {

void add_usual_routes(ServerFixture& fixture) {
  const auto ok = [](const Request&) { return Response::text(200, "ok"); };
  fixture.add("GET", "/q", ok);
  fixture.add("POST", "/q", ok);
  fixture.add("GET", "/", ok);
  fixture.add("GET", "/label/{name}/values", [](const Request& request) {
    return Response::text(200, std::string(net::first(request.path_params, "name")));
  });
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

TEST_CASE("what two readers could frame differently is refused and the connection closed",
          "[net]") {
  ServerFixture fixture;
  add_usual_routes(fixture);
  fixture.start();
  const std::string probe = "GET /q HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string post = "POST /q HTTP/1.1\r\nHost: x\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n";
  const std::vector<std::string> cases = {
      chunked + "Content-Length: 5\r\n\r\n0\r\n\r\n" + probe,
      post + "Content-Length: 0\r\nContent-Length: 30\r\n\r\n" + probe,
      post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + probe,
      post + "Content-Length: 0, 30\r\n\r\n" + probe,
      post + "Content-Length: +0\r\n\r\n" + probe,
      post + "Content-Length: -1\r\n\r\n" + probe,
      post + "Content-Length: 18446744073709551616\r\n\r\n" + probe,
      post + "Content-Length: 0x0\r\n\r\n" + probe,
      post + "Content-Length:\r\n\r\n" + probe,
      post + "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + probe,
      post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + probe,
      post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + probe,
      chunked + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + probe,
      post + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 0\r\n\r\n" + probe,
      chunked + "\r\n10000000000000000\r\n" + probe,
      chunked + "\r\n-1\r\n" + probe,
      chunked + "\r\n0x1\r\na\r\n0\r\n\r\n" + probe,
      chunked + "\r\n1\r\nab\r\n0\r\n\r\n" + probe,
      chunked + "\r\n0\n\n" + probe,
      chunked + "\r\n1;a\nb\r\nx\r\n0\r\n\r\n" + probe,
      "POST /q HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + probe,
      "GET /q HTTP/1.1\nHost: x\n\n",
      "GET /q HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
      std::string("GET /q HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", 37),
      "GET /q HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
      "GET /q HTTP/1.1\r\n\r\n",
      "GET /q HTTP/1.1\r\nHost: x\r\nX Y: z\r\n\r\n",
      "GET /q HTTP/1.1\r\nHost: x\r\n: z\r\n\r\n",
      "GET /q HTTP/1.1\r\nHost: x\r\nnocolon\r\n\r\n",
      "GET  /q HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /q a HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET q HTTP/1.1\r\nHost: x\r\n\r\n",
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    RawSocket socket = fixture.connect();
    socket.send(cases[i]);
    const std::string answers = socket.receive_all();
    INFO("case " << i << ": " << cases[i] << "\nanswer: " << answers);
    CHECK(status_of(answers) == "400");
    CHECK(count_of(answers, "HTTP/1.1 ") == 1);
    CHECK(answers.find("Connection: close\r\n") != std::string::npos);
    CHECK(socket.closed());
  }
}

TEST_CASE("what is no HTTP/1 request gets a 4xx or 505", "[net]") {
  ServerFixture fixture;
  add_usual_routes(fixture);
  fixture.start();
  const auto status = [&](const std::string& bytes) { return status_of(fixture.exchange(bytes)); };
  CHECK(status("GET /\r\n") == "400");
  CHECK(status("GET / HTTP/9.9\r\nHost: x\r\n\r\n") == "505");
  CHECK(status(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)) == "400");
  CHECK(status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == "505");
  CHECK(status("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n") == "405");
  CHECK(status("TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == "405");
  CHECK(status("BREW / HTTP/1.1\r\nHost: x\r\n\r\n") == "501");
  CHECK(status(std::string(65536, 'A') + " / HTTP/1.1\r\nHost: x\r\n\r\n") == "414");
  CHECK(status("GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n") == "417");
}

TEST_CASE("oversized heads are refused without growth of memory", "[net]") {
  ServerFixture fixture;
  add_usual_routes(fixture);
  fixture.start();
  const auto status = [&](const std::string& bytes) { return status_of(fixture.exchange(bytes)); };
  const std::string begin = "GET / HTTP/1.1\r\nHost: x\r\n";
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  CHECK(status("GET /q?x=" + std::string(1 << 20, '1') + " HTTP/1.1\r\nHost: x\r\n\r\n") == "414");
  CHECK(status(begin + "X: " + std::string(10 << 20, 'a') + "\r\n\r\n") == "431");
  CHECK(status(begin + std::string(4 << 20, 'a')) == "431");
  std::string many = begin;
  for (int i = 0; i < 50'000; ++i) many += "X" + std::to_string(i) + ": y\r\n";
  CHECK(status(many + "\r\n") == "431");
  std::string few = begin;
  for (int i = 0; i < 200; ++i) few += "X" + std::to_string(i) + ": y\r\n";
  CHECK(status(few + "\r\n") == "431");
  CHECK(status("GET /q?x=" + std::string(8000, '1') +
               " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == "200");
  CHECK(status(begin + "Connection: close\r\nX: " + std::string(60'000, 'a') + "\r\n\r\n") ==
        "200");
}

TEST_CASE("bodies over the limit of their route are cut off", "[net]") {
  ServerFixture fixture;
  net::Route route;
  route.method = "POST";
  route.path = "/write";
  route.body_max_bytes = 1 << 20;
  route.lane = net::Lane::kIngest;
  route.handler = [](const Request& request) {
    return Response::text(200, std::to_string(request.body.text().size()));
  };
  fixture.add(route);
  route.path = "/raw";
  route.raw_body = true;
  fixture.add(route);
  fixture.start();
  const std::string head = "POST /write HTTP/1.1\r\nHost: x\r\n";
  CHECK(status_of(fixture.exchange(head + "Content-Length: 2000000000\r\n\r\nxx")) == "413");
  RawSocket endless = fixture.connect();
  endless.send(head + "Transfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  for (int i = 0; i < 20; ++i) endless.send(chunk);
  CHECK(status_of(endless.receive_all()) == "413");

  const auto send = [&](const std::string& path, const std::string& encoding,
                        const std::string& body) {
    return fixture.exchange("POST " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                            "Content-Encoding: " + encoding + "\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  CHECK(status_of(send("/write", "gzip", net::gzip(std::string(20 << 20, '\0')))) == "413");
  CHECK(send("/write", "gzip", net::gzip(std::string(1 << 20, 'a'))).ends_with("\r\n\r\n1048576"));
  CHECK(status_of(send("/write", "gzip", "\x1f\x8b\xff\xff\xff\xff")) == "400");
  CHECK(status_of(send("/write", "br", "xx")) == "415");
  CHECK(send("/raw", "br", "xx").ends_with("\r\n\r\n2"));
}

TEST_CASE("a client that dawdles over its head or body is cut, others are not delayed", "[net]") {
  net::ServerOptions options;
  options.header_timeout_ms = 200;
  options.read_timeout_ms = 400;
  ServerFixture fixture(options);
  add_usual_routes(fixture);
  fixture.start();
  std::vector<RawSocket> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(fixture.connect());
    slow.back().send(i % 2 == 0 ? "GET /q HTTP/1.1\r\nHost: x\r\n"
                                : "POST /q HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nq");
  }
  const auto begin = std::chrono::steady_clock::now();
  CHECK(status_of(fixture.exchange("GET /q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) ==
        "200");
  CHECK(seconds_since(begin) < 0.1);
  for (RawSocket& socket : slow) CHECK(status_of(socket.receive_all()) == "408");
  CHECK(seconds_since(begin) < 5);
  // An idle one is closed without a word.
  CHECK(fixture.exchange("").empty());
}

TEST_CASE("paths never escape and never become others", "[net]") {
  ServerFixture fixture;
  add_usual_routes(fixture);
  fixture.start();
  for (const char* path :
       {"/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
        "/..\\..\\etc\\passwd", "/%252e%252e/etc/passwd", "/etc/passwd%00.html", "/q/", "//q",
        "file:///etc/passwd", "/static/....//....//etc/passwd", "/Q"}) {
    const std::string answer = fixture.exchange(
        "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    INFO(path);
    CHECK((status_of(answer) == "404" || status_of(answer) == "400"));
    CHECK(answer.find("root:") == std::string::npos);
  }
  CHECK(fixture
            .exchange("GET /label/..%2f..%2fetc%2fpasswd/values HTTP/1.1\r\nHost: x\r\n"
                      "Connection: close\r\n\r\n")
            .ends_with("\r\n\r\n../../etc/passwd"));
  CHECK(status_of(fixture.exchange("GET http://other/q?a=b?c HTTP/1.1\r\nHost: x\r\n"
                                   "Connection: close\r\n\r\n")) == "200");
}

TEST_CASE("connections over the limit are told so and closed", "[net]") {
  net::ServerOptions options;
  options.connections_max = 3;
  ServerFixture fixture(options);
  add_usual_routes(fixture);
  fixture.start();
  std::vector<RawSocket> kept;
  for (int i = 0; i < 3; ++i) {
    kept.push_back(fixture.connect());
    kept.back().send("GET /q HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(status_of(kept.back().receive_answer()) == "200");
  }
  CHECK(status_of(fixture.exchange("GET /q HTTP/1.1\r\nHost: x\r\n\r\n")) == "503");
  kept.pop_back();
  // The server notices the end a moment later.
  std::string status;
  for (int i = 0; i < 1000 && status != "200"; ++i) {
    status = status_of(fixture.exchange("GET /q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  }
  CHECK(status == "200");
}

// The undefined behaviour sanitizer looks at memory through a pipe: without descriptors it errs.
#ifndef __SANITIZE_ADDRESS__
TEST_CASE("running out of descriptors pauses accepting and passes", "[net]") {
  ServerFixture fixture;
  add_usual_routes(fixture);
  fixture.start();
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  // A client needs one descriptor, the server's end of it another one: leave room for the first.
  std::vector<RawSocket> held;
  RawSocket client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int next = dup(client.descriptor());
  close(next);
  const rlimit tight{static_cast<rlim_t>(next), limit.rlim_max};
  setrlimit(RLIMIT_NOFILE, &tight);
  const sockaddr_in address = loopback(fixture.port());
  REQUIRE(connect(client.descriptor(), reinterpret_cast<const sockaddr*>(&address),
                  sizeof(address)) == 0);
  client.send("GET /q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(client.receive_all(300).empty());
  setrlimit(RLIMIT_NOFILE, &limit);
  CHECK(status_of(client.receive_all()) == "200");
}
#endif
