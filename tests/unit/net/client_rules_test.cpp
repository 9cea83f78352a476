// SPDX-License-Identifier: Apache-2.0
// Redirects, credentials, limits, retries, cancelling, tokens: the client over plain HTTP.
#include "net/compression.hpp"
#include "unit/net/client_fixture.hpp"
#include "unit/net/server_fixture.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <vector>

using namespace narthex;
using namespace narthex::tests;
using net::FetchRequest;
using net::FetchResponse;
using net::Request;
using net::Response;

namespace {

Response redirect_to(const std::string& place, int status = 302) {
  Response response = Response::text(status, "");
  response.headers.emplace_back("Location", place);
  return response;
}

// A file of its own that goes away with the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    char name[] = "/tmp/narthex-net-XXXXXX";
    close(mkstemp(name));
    path_ = name;
    write(content);
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  void write(const std::string& content) const { std::ofstream(path_) << content; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string answer_of(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("redirects are followed ten times and only to http and https", "[net]") {
  ServerFixture server;
  server.add("GET", "/loop", [](const Request&) { return redirect_to("/loop?again"); });
  server.add("GET", "/file", [](const Request&) { return redirect_to("file:///etc/hostname"); });
  server.add("GET", "/a/b", [](const Request&) { return redirect_to("../end?x=1#part"); });
  server.add("GET", "/end", [](const Request& r) { return Response::text(200, r.target); });
  server.add("POST", "/303", [](const Request&) { return redirect_to("/end", 303); });
  server.add("POST", "/307", [](const Request&) { return redirect_to("/echo", 307); });
  server.add("POST", "/echo",
             [](const Request& r) { return Response::text(200, std::string(r.body.text())); });
  server.start();
  ClientFixture fixture;
  CHECK(fixture.failure(server.url("/loop")) ==
        "Get \"" + server.url("/loop?again") + "\": stopped after 10 redirects");
  CHECK(fixture.failure(server.url("/file")) ==
        "Get \"file:///etc/hostname\": unsupported protocol scheme \"file\"");
  const auto relative = fixture.get(server.url("/a/b"));
  REQUIRE(relative.ok());
  CHECK(relative->body.text() == "/end?x=1");
  CHECK(relative->url == server.url("/end?x=1"));
  net::ClientOptions stay;
  stay.follow_redirects = false;
  CHECK(fixture.get(server.url("/loop"), 10'000, stay)->status == 302);
  for (const auto& [path, body] : {std::pair("/303", "/end"), std::pair("/307", "data")}) {
    FetchRequest request;
    request.method = "POST";
    request.url = server.url(path);
    request.body = "data";
    const auto response = fixture.client()->fetch_now(request);
    REQUIRE(response.ok());
    CHECK(response->body.text() == body);
  }
}

TEST_CASE("credentials are not sent to another host", "[net]") {
  ServerFixture other;
  std::string seen;
  other.add("GET", "/x", [&](const Request& request) {
    seen = std::string(request.header("authorization")) + std::string(request.header("x-token")) +
           std::string(request.header("cookie"));
    return Response::text(200, "ok");
  });
  other.start();
  ServerFixture server;
  std::mutex mutex;
  std::string first;
  server.add("GET", "/same", [](const Request&) { return redirect_to("/x"); });
  server.add("GET", "/away", [&](const Request&) { return redirect_to(other.url("/x")); });
  server.add("GET", "/x", [&](const Request& request) {
    const std::lock_guard lock(mutex);
    first =
        std::string(request.header("authorization")) + " " + std::string(request.header("x-token"));
    return Response::text(200, "ok");
  });
  server.start();
  ClientFixture fixture;
  net::ClientOptions options;
  options.has_basic_auth = true;
  options.basic_auth.username = "user";
  options.basic_auth.password = net::Secret("pass:word");
  options.http_headers["X-Token"].secrets.emplace_back("t1");
  FetchRequest request;
  request.url = server.url("/same");
  request.headers.emplace_back("Cookie", "c=1");
  REQUIRE(fixture.client(options)->fetch_now(request).ok());
  CHECK(first == "Basic dXNlcjpwYXNzOndvcmQ= t1");
  request.url = server.url("/away");
  REQUIRE(fixture.client(options)->fetch_now(request).ok());
  CHECK(seen.empty());
}

TEST_CASE("secrets in files are read again when they change", "[net]") {
  ServerFixture server;
  server.add("GET", "/", [](const Request& r) {
    return Response::text(200, std::string(r.header("authorization")));
  });
  server.start();
  ClientFixture fixture;
  const TemporaryFile file(" first\n");
  net::ClientOptions options;
  options.has_authorization = true;
  options.authorization.credentials_file = file.path();
  const auto client = fixture.client(options);
  FetchRequest request;
  request.url = server.url("/");
  CHECK(client->fetch_now(request)->body.text() == "Bearer first");
  file.write("the second\n");
  CHECK(client->fetch_now(request)->body.text() == "Bearer the second");
  file.write("line\nbreak");
  CHECK(client->fetch_now(request).status().message().find("line break") != std::string::npos);
  std::remove(file.path().c_str());
  CHECK(client->fetch_now(request).status().message() ==
        "Get \"" + server.url("/") +
            "\": unable to read authorization credentials: unable to read file " + file.path() +
            ": open " + file.path() + ": no such file or directory");
}

TEST_CASE("the client bounds what it takes", "[net]") {
  ClientFixture fixture;
  const auto fetch = [&](const RawServer& server) {
    FetchRequest request;
    request.url = server.url();
    request.body_max_bytes = 1 << 20;
    request.timeout_ms = 5000;
    return fixture.client()->fetch_now(request).status().message();
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  CHECK(fetch(RawServer(always(ok + "Content-Length: 99999999999\r\n\r\n"))) ==
        "body size limit exceeded");
  CHECK(fetch(RawServer(always(ok + "\r\n" + std::string(3 << 20, 'x')))) ==
        "body size limit exceeded");
  CHECK(fetch(RawServer(always(ok + "Transfer-Encoding: chunked\r\n\r\n200000\r\n" +
                               std::string(0x200000, 'x')))) == "body size limit exceeded");
  const std::string bomb = net::gzip(std::string(50 << 20, '\0'));
  CHECK(fetch(RawServer(always(answer_of(bomb, "Content-Encoding: gzip\r\n")))) ==
        "body size limit exceeded");
  CHECK(fetch(RawServer(always(answer_of("garbage-garbage", "Content-Encoding: gzip\r\n")))) ==
        "gzip: the body is damaged or cut short");
  std::string headers = ok;
  for (int i = 0; i < 1000; ++i)
    headers += "X-" + std::to_string(i) + ": " + std::string(1000, 'y') + "\r\n";
  CHECK(fetch(RawServer(always(headers))).find("response headers exceeded 65536 bytes") !=
        std::string::npos);
  CHECK(fetch(RawServer(always(ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef")))
            .find("multiple Content-Length") != std::string::npos);
  CHECK(fetch(RawServer(always(ok + "Transfer-Encoding: gzip\r\n\r\n")))
            .find("unsupported transfer encoding: \"gzip\"") != std::string::npos);
  CHECK(fetch(RawServer(always(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"))) ==
        "invalid byte in chunk length");
  CHECK(fetch(RawServer(always(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nab"))) ==
        "unexpected EOF");
}

TEST_CASE("the client takes what real servers send", "[net]") {
  ClientFixture fixture;
  const auto body = [&](const std::string& answer) {
    const RawServer server(always(answer));
    const auto response = fixture.get(server.url());
    return response.ok() ? std::string(response->body.text()) : response.status().message();
  };
  CHECK(body("HTTP/1.1 200 OK\nContent-Length: 3\n\nabc") == "abc");
  CHECK(body("HTTP/1.0 200\r\n\r\nuntil the end") == "until the end");
  CHECK(body("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: "
             "1\r\n\r\nx") == "x");
  CHECK(body("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcdefgh") == "abcde");
  CHECK(
      body(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: v\r\n\r\n") ==
      "abc");
  CHECK(body(answer_of(net::gzip("one") + net::gzip(" two"), "Content-Encoding: gzip\r\n")) ==
        "one two");
  CHECK(body("HTTP/1.1 204 No Content\r\n\r\n").empty());
  const RawServer oops(always("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"));
  CHECK(fixture.get(oops.url())->status_line == "500 Oops");
}

TEST_CASE("a large gzip body is inflated off the I/O thread and arrives whole", "[net]") {
  ServerFixture server;
  std::string text;
  for (int i = 0; i < 200'000; ++i)
    text += "m{i=\"" + std::to_string(i * 7919LL % 1000003) + "\"} 1\n";
  server.add("GET", "/m", [&](const Request&) { return Response::text(200, text); });
  server.start();
  ClientFixture fixture;
  const auto response = fixture.get(server.url("/m"));
  REQUIRE(response.ok());
  CHECK(response->body.text() == text);
  CHECK(response->wire_bytes < text.size());
  CHECK(response->wire_bytes > 64 << 10);
}

TEST_CASE("a kept connection that the server closed is replaced unnoticed", "[net]") {
  std::atomic<int> connections{0};
  const RawServer server([&](RawSocket& socket, int) {
    ++connections;
    if (!read_request(socket).empty()) socket.send(answer_of("x"));
  });
  ClientFixture fixture;
  const auto client = fixture.client();
  FetchRequest request;
  request.url = server.url();
  for (int i = 0; i < 20; ++i) {
    const auto response = client->fetch_now(request);
    INFO(response.status().message());
    REQUIRE(response.ok());
  }
  CHECK(connections >= 20);
}

TEST_CASE("a cancelled fetch ends once and soon", "[net]") {
  const RawServer silent([](RawSocket& socket, int) { socket.receive_all(3000); });
  ClientFixture fixture;
  std::mutex mutex;
  std::condition_variable ended;
  std::vector<Status> results;
  FetchRequest request;
  request.url = silent.url();
  const auto fetch = fixture.client()->fetch(request, [&](const Result<FetchResponse>& result) {
    const std::lock_guard lock(mutex);
    results.push_back(result.status());
    ended.notify_one();
  });
  fetch->cancel();
  fetch->cancel();
  std::unique_lock lock(mutex);
  REQUIRE(ended.wait_for(lock, std::chrono::seconds(5), [&] { return !results.empty(); }));
  CHECK(results[0].code() == NX_ERR_CANCELLED);
  CHECK(results.size() == 1);
}

TEST_CASE("ending the factory ends what is in flight", "[net]") {
  const RawServer silent([](RawSocket& socket, int) { socket.receive_all(3000); });
  ClientFixture fixture;
  FetchRequest request;
  request.url = silent.url();
  std::mutex mutex;
  std::condition_variable ended;
  Status status;
  fixture.client()->fetch(request, [&](const Result<FetchResponse>& result) {
    const std::lock_guard lock(mutex);
    status = result.status();
    ended.notify_one();
  });
  fixture.factory.reset();
  std::unique_lock lock(mutex);
  REQUIRE(ended.wait_for(lock, std::chrono::seconds(5), [&] { return !status.ok(); }));
  CHECK(status.code() == NX_ERR_CANCELLED);
}

TEST_CASE("an access token is fetched once, used until it ends, and renewed", "[net]") {
  ServerFixture server;
  std::atomic<int> tokens{0};
  std::atomic<int> expires_in{3600};
  std::mutex mutex;
  std::string form;
  server.add("POST", "/token", [&](const Request& request) {
    // This one wants the secret in the form.
    if (request.value("client_secret").empty()) return Response::text(401, "no");
    const std::lock_guard lock(mutex);
    form = request.body.text();
    return Response::json(
        200, "{\"access_token\":\"t" + std::to_string(++tokens) +
                 "\",\"token_type\":\"bearer\",\"expires_in\":" + std::to_string(expires_in) + "}");
  });
  server.add("GET", "/m", [](const Request& request) {
    return Response::text(200, std::string(request.header("authorization")));
  });
  server.start();
  ClientFixture fixture;
  net::ClientOptions options;
  options.has_oauth2 = true;
  options.oauth2.client_id = "id";
  options.oauth2.client_secret = net::Secret("s&=");
  options.oauth2.scopes = {"a", "b"};
  options.oauth2.endpoint_params = {{"audience", "x y"}};
  options.oauth2.token_url = server.url("/token");
  const auto client = fixture.client(options);
  FetchRequest request;
  request.url = server.url("/m");
  CHECK(client->fetch_now(request)->body.text() == "Bearer t1");
  CHECK(client->fetch_now(request)->body.text() == "Bearer t1");
  CHECK(form ==
        "grant_type=client_credentials&scope=a+b&audience=x+y&client_id=id&client_secret=s%26%3D");
  expires_in = 5;  // less than the time before the end at which it is renewed
  const auto second = fixture.client(options);
  CHECK(second->fetch_now(request)->body.text() == "Bearer t2");
  CHECK(second->fetch_now(request)->body.text() == "Bearer t3");
  options.oauth2.token_url = "http://127.0.0.1:1/t";
  CHECK(fixture.failure(request.url, 5000, options) ==
        "Get \"" + request.url +
            "\": Post \"http://127.0.0.1:1/t\": dial tcp 127.0.0.1:1: connect: connection refused");
}
