// SPDX-License-Identifier: Apache-2.0
// The client over libcurl: TLS and proxies.
#include "unit/net/client_fixture.hpp"
#include "unit/net/tls_server.hpp"

#include <mutex>

using namespace narthex;
using namespace narthex::tests;

TEST_CASE("a server is trusted by its authority and name only", "[net]") {
  const Identity identity("server.test");
  const TlsServer server(identity);
  ClientFixture fixture;
  const auto fetched = [&](const net::TlsOptions& tls) {
    net::ClientOptions options;
    options.tls = tls;
    const auto response = fixture.get(server.url(), 10'000, options);
    return response.ok() ? std::string(response->body.text()) : response.status().message();
  };
  const std::string distrust = "Get \"" + server.url() + "\": tls: failed to verify certificate: ";
  net::TlsOptions tls;
  CHECK(fetched(tls).starts_with(distrust));
  tls.ca = identity.certificate_pem();
  CHECK(fetched(tls).starts_with(distrust));  // good authority, another name
  tls.server_name = "server.test";
  CHECK(fetched(tls) == "host " + server.place());
  tls.ca = Identity("server.test").certificate_pem();
  CHECK(fetched(tls).starts_with(distrust));
  net::TlsOptions careless;
  careless.insecure_skip_verify = true;
  CHECK(fetched(careless) == "host " + server.place());
}

TEST_CASE("a client certificate is presented", "[net]") {
  const Identity identity("server.test");
  const Identity client("client.test");
  const TlsServer server(identity, &client);
  ClientFixture fixture;
  net::ClientOptions options;
  options.tls.insecure_skip_verify = true;
  CHECK_FALSE(fixture.get(server.url(), 10'000, options).ok());
  options.tls.cert = client.certificate_pem();
  options.tls.key = net::Secret(client.key_pem());
  const auto response = fixture.get(server.url(), 10'000, options);
  INFO(response.status().message());
  REQUIRE(response.ok());
  CHECK(response->status_line == "200 OK");
}

TEST_CASE("failures over TLS are worded as Go words them", "[net]") {
  ClientFixture fixture;
  CHECK(fixture.failure("https://127.0.0.1:1/") ==
        "Get \"https://127.0.0.1:1/\": dial tcp 127.0.0.1:1: connect: connection refused");
  const RawServer plain([](RawSocket& socket, int) {
    socket.receive([](const std::string& bytes) { return bytes.size() > 100; }, 1000);
    socket.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  const std::string url = "https://127.0.0.1:" + std::to_string(plain.port()) + "/";
  CHECK(fixture.failure(url) ==
        "Get \"" + url + "\": http: server gave HTTP response to HTTPS client");
  const RawServer silent([](RawSocket& socket, int) { socket.receive_all(2000); });
  const std::string quiet = "https://127.0.0.1:" + std::to_string(silent.port()) + "/";
  CHECK(fixture.failure(quiet, 200) == "Get \"" + quiet + "\": context deadline exceeded");
  net::ClientOptions options;
  options.tls.ca_file = "/nonexistent";
  CHECK(fixture.factory->make(options).status().message() ==
        "unable to read CA cert: unable to read file /nonexistent: open /nonexistent: "
        "no such file or directory");
}

TEST_CASE("a proxy is asked as proxies want it", "[net]") {
  ClientFixture fixture;
  std::mutex mutex;
  std::string asked;
  const RawServer proxy([&](RawSocket& socket, int) {
    const std::string request = read_request(socket);
    const std::lock_guard lock(mutex);
    asked = request;
    socket.send(request.starts_with("CONNECT")
                    ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
                    : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  net::ClientOptions options;
  options.proxy_url = "http://me:secret@127.0.0.1:" + std::to_string(proxy.port());
  options.proxy_connect_header["X-Pass"] = net::Secret("p1");
  const auto response = fixture.get("http://target.test:81/m?x=1", 10'000, options);
  INFO(response.status().message());
  REQUIRE(response.ok());
  CHECK(response->body.text() == "ok");
  CHECK(asked.starts_with("GET http://target.test:81/m?x=1 HTTP/1.1\r\n"));
  CHECK(asked.find("Host: target.test:81\r\n") != std::string::npos);
  CHECK(asked.find("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n") != std::string::npos);
  CHECK_FALSE(fixture.get("https://target.test/m", 10'000, options).ok());
  CHECK(asked.starts_with("CONNECT target.test:443 HTTP/1.1\r\n"));
  CHECK(asked.find("X-Pass: p1\r\n") != std::string::npos);
  options.proxy_url = "http://127.0.0.1:2";
  CHECK(fixture.failure("http://127.0.0.1:3/", 10'000, options) ==
        "Get \"http://127.0.0.1:3/\": proxyconnect tcp: dial tcp 127.0.0.1:2: connect: "
        "connection refused");
}
