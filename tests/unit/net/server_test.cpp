// SPDX-License-Identifier: Apache-2.0
#include "unit/net/server_fixture.hpp"

#include "telemetry/metrics.hpp"

using namespace narthex;
using namespace narthex::tests;
using net::Request;
using net::Response;

namespace {

std::string get(std::string_view path, std::string_view headers = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
         std::string(headers) + "\r\n";
}

std::string post(std::string_view path, std::string_view type, std::string_view body,
                 std::string_view headers = "") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) +
         "\r\n" + std::string(body);
}

constexpr const char* kForm = "application/x-www-form-urlencoded";

}  // namespace

TEST_CASE("a handler answers GET and HEAD", "[net]") {
  ServerFixture fixture;
  fixture.add("GET", "/hello", [](const Request& request) {
    CHECK(request.header("x-name") == "Ada");
    CHECK(request.value("a") == "1 2");
    CHECK(request.remote.starts_with("127.0.0.1:"));
    return Response::text(200, "hello");
  });
  fixture.start();
  const std::string answer = fixture.exchange(get("/hello?a=1+2&b=%zz", "X-Name: Ada\r\n"));
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(answer.find("X-Content-Type-Options: nosniff\r\n") != std::string::npos);
  CHECK(answer.find("Date: ") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\nhello"));
  const std::string head = fixture.exchange(
      "HEAD /hello?a=1+2 HTTP/1.1\r\nHost: x\r\nX-Name: Ada\r\nConnection: close\r\n\r\n");
  CHECK(status_of(head) == "200");
  CHECK(head.find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("a form of 100 KB arrives whole", "[net]") {
  ServerFixture fixture;
  fixture.add("POST", "/query", [](const Request& request) {
    return Response::text(200, std::to_string(request.value("query").size()) + " " +
                                   std::to_string(request.values("match[]").size()));
  });
  fixture.start();
  const std::string body = "match[]=a&query=" + std::string(100'000, 'x') + "&match[]=b";
  CHECK(fixture.exchange(post("/query?match%5B%5D=c", kForm, body)).ends_with("\r\n\r\n100000 3"));
}

TEST_CASE("a chunked body is put together", "[net]") {
  ServerFixture fixture;
  fixture.add("POST", "/echo", [](const Request& request) {
    return Response::text(200, std::string(request.body.text()));
  });
  fixture.start();
  const std::string answer = fixture.exchange(
      "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n");
  CHECK(answer.ends_with("\r\n\r\nabc0123456789"));
}

TEST_CASE("unknown paths, wrong methods and OPTIONS are answered as Prometheus does", "[net]") {
  ServerFixture fixture;
  fixture.add("GET", "/api/query", [](const Request&) { return Response::text(200, "ok"); });
  fixture.add("POST", "/api/query", [](const Request&) { return Response::text(200, "ok"); });
  net::Route closed;
  closed.method = "POST";
  closed.path = "/-/reload";
  closed.cors = false;
  closed.handler = [](const Request&) { return Response::text(200, "ok"); };
  fixture.add(closed);
  fixture.start();
  const std::string lost = fixture.exchange(get("/nothing"));
  CHECK(status_of(lost) == "404");
  CHECK(lost.ends_with("\r\n\r\n404 page not found\n"));
  const std::string wrong =
      fixture.exchange("DELETE /api/query HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(status_of(wrong) == "405");
  CHECK(wrong.find("Allow: GET, HEAD, OPTIONS, POST\r\n") != std::string::npos);
  const std::string options = fixture.exchange(
      "OPTIONS /api/query HTTP/1.1\r\nHost: x\r\nOrigin: http://a.b\r\nConnection: close\r\n\r\n");
  CHECK(status_of(options) == "204");
  CHECK(options.find("Access-Control-Allow-Origin: http://a.b\r\n") != std::string::npos);
  CHECK(options.find("Content-Length") == std::string::npos);
  const std::string plain = fixture.exchange(get("/api/query"));
  CHECK(plain.find("Vary: Origin\r\n") != std::string::npos);
  CHECK(plain.find("Access-Control") == std::string::npos);
  const std::string admin =
      fixture.exchange(post("/-/reload", "text/plain", "", "Origin: http://a.b\r\n"));
  CHECK(status_of(admin) == "200");
  CHECK(admin.find("Access-Control") == std::string::npos);
}

TEST_CASE("an exception of a handler is a 500 that tells nothing", "[net]") {
  ServerFixture fixture;
  fixture.add("GET", "/", [](const Request&) -> Response {
    throw std::runtime_error("the password is hunter2");
  });
  fixture.start();
  const std::string answer = fixture.exchange(get("/"));
  CHECK(status_of(answer) == "500");
  CHECK(answer.find("hunter2") == std::string::npos);
}

TEST_CASE("2,000 pipelined requests are all answered", "[net]") {
  ServerFixture fixture;
  fixture.add("GET", "/q", [](const Request&) { return Response::text(200, "1"); });
  fixture.start();
  std::string requests;
  for (int i = 0; i < 2000; ++i) requests += "GET /q HTTP/1.1\r\nHost: x\r\n\r\n";
  RawSocket socket = fixture.connect();
  std::thread sender([&] { socket.send(requests); });
  const std::string answers = socket.receive(
      [](const std::string& bytes) { return count_of(bytes, "HTTP/1.1 200") == 2000; });
  sender.join();
  CHECK(count_of(answers, "HTTP/1.1 200") == 2000);
}
