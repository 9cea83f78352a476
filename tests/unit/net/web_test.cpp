// SPDX-License-Identifier: Apache-2.0
// TLS, users and headers of the server.
#include "net/bcrypt.hpp"
#include "net/password_gate.hpp"
#include "support/manual_executor.hpp"
#include "support/temporary_folder.hpp"
#include "unit/net/client_fixture.hpp"
#include "unit/net/server_fixture.hpp"
#include "unit/net/tls_server.hpp"

#include <fstream>

using namespace narthex;
using namespace narthex::tests;
using net::Request;
using net::Response;

namespace {

// "secret" and "other", at the lowest cost there is.
const std::string kSecretHash = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
const std::string kOtherHash = "$2y$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu";

net::UserPassword pair(std::string user, std::string password) {
  return {std::move(user), net::Secret(std::move(password))};
}

struct GateFixture {
  GateFixture() {
    const auto on_strand = [this](runtime::Task task) {
      executor.post(runtime::Pool::kIo, std::move(task));
    };
    lane = std::make_shared<net::LaneQueue>(
        net::LaneQueueOptions{runtime::Pool::kWorker, 1, waiting_max}, executor);
    gate = std::make_shared<net::PasswordGate>(
        net::PasswordGate::Users{{"ada", net::Secret(kSecretHash)},
                                 {"bob", net::Secret(kOtherHash)}},
        lane, on_strand, checks);
  }
  bool allows(const net::UserPassword& who) {
    bool verdict = false;
    CHECK(gate->check(who, [&](bool allowed) { verdict = allowed; }));
    executor.run_ready();
    return verdict;
  }

  static constexpr std::size_t waiting_max = 3;
  test::ManualExecutor executor;
  telemetry::Counter checks;
  std::shared_ptr<net::LaneQueue> lane;
  std::shared_ptr<net::PasswordGate> gate;
};

std::string request(std::string_view authorization, std::string_view more = "") {
  std::string head = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
  if (!authorization.empty()) head.append("Authorization: ").append(authorization).append("\r\n");
  return head.append(more).append("\r\n");
}

// ada:secret and ada:wrong
constexpr std::string_view kAda = "Basic YWRhOnNlY3JldA==";
constexpr std::string_view kWrong = "Basic YWRhOndyb25n";

net::WebOptions users() {
  net::WebOptions web;
  web.users["ada"] = net::Secret(kSecretHash);
  return web;
}

Response hello(const Request&) { return Response::text(200, "hello"); }

}  // namespace

TEST_CASE("bcrypt hashes match their password and no other", "[net]") {
  CHECK(net::bcrypt_matches("secret", kSecretHash));
  CHECK(net::bcrypt_matches("other", kOtherHash));
  CHECK_FALSE(net::bcrypt_matches("other", kSecretHash));
  CHECK_FALSE(net::bcrypt_matches("", kSecretHash));
  CHECK_FALSE(net::bcrypt_matches(std::string("secret\0x", 8), kSecretHash));
  CHECK_FALSE(net::bcrypt_matches("secret", "secret"));
}

TEST_CASE("what is no bcrypt hash is said to be none", "[net]") {
  CHECK(net::check_bcrypt_hash(kSecretHash).ok());
  for (const std::string& bad :
       {std::string(), std::string("secret"), "$1" + kSecretHash.substr(2),
        "$2b$99" + kSecretHash.substr(6), "$2b$03" + kSecretHash.substr(6),
        "$2b$xx" + kSecretHash.substr(6), kSecretHash.substr(0, 59) + "!", kSecretHash + "a"}) {
    INFO(bad);
    CHECK_FALSE(net::check_bcrypt_hash(bad).ok());
  }
}

TEST_CASE("a basic Authorization is read as Go reads it", "[net]") {
  CHECK(net::parse_basic("Basic YWRhOnNlY3JldA==")->user == "ada");
  CHECK(net::parse_basic("bAsIc YWRhOnNlY3JldA==")->password.reveal() == "secret");
  CHECK(net::parse_basic("Basic YTpiOmM=")->password.reveal() == "b:c");
  CHECK(net::parse_basic("Basic Og==")->user.empty());
  for (const std::string_view bad :
       {"", "Basic", "Basic ", "Bearer YWRhOnNlY3JldA==", "Basic YWRh", "Basic YWRhOnNlY3JldA",
        "Basic YWRhOnNl Y3JldA==", "Basic =WRhOnNlY3JldA=", "Basic YWRhOnNlY3JldA==x"}) {
    INFO(bad);
    CHECK_FALSE(net::parse_basic(bad));
  }
}

TEST_CASE("a pair is checked once and then known", "[net]") {
  GateFixture f;
  CHECK_FALSE(f.gate->known(pair("ada", "secret")));
  CHECK(f.allows(pair("ada", "secret")));
  CHECK(f.gate->known(pair("ada", "secret")) == true);
  CHECK_FALSE(f.allows(pair("ada", "other")));  // bob's
  CHECK(f.gate->known(pair("ada", "other")) == false);
  CHECK_FALSE(f.gate->known(pair("adas", "ecret")));
  CHECK(f.checks.value() == 2);
}

TEST_CASE("an unknown user is checked too, and never let in", "[net]") {
  GateFixture f;
  CHECK_FALSE(f.allows(pair("eve", "secret")));  // right for the hash it is compared with
  CHECK(f.checks.value() == 1);
  CHECK(f.gate->known(pair("eve", "secret")) == false);
}

TEST_CASE("requests with one pair share one check", "[net]") {
  GateFixture f;
  int allowed = 0;
  for (int i = 0; i < 20; ++i) {
    CHECK(f.gate->check(pair("ada", "secret"), [&](bool verdict) { allowed += verdict ? 1 : 0; }));
  }
  f.executor.run_ready();
  CHECK(allowed == 20);
  CHECK(f.checks.value() == 1);
}

TEST_CASE("beyond the queue no more pairs are checked", "[net]") {
  GateFixture f;
  int verdicts = 0;
  const auto count = [&](bool) { ++verdicts; };
  for (std::size_t i = 0; i <= GateFixture::waiting_max; ++i) {
    CHECK(f.gate->check(pair("ada", std::to_string(i)), count));
  }
  CHECK_FALSE(f.gate->check(pair("ada", "one more"), count));
  f.executor.run_ready();
  CHECK(verdicts == 4);
  CHECK(f.gate->check(pair("ada", "one more"), count));
}

TEST_CASE("wrong pairs never push out right ones", "[net]") {
  GateFixture f;
  CHECK(f.allows(pair("ada", "secret")));
  for (int i = 0; i < 1100; ++i) CHECK_FALSE(f.allows(pair("ada", std::to_string(i))));
  CHECK(f.gate->known(pair("ada", "secret")) == true);
  CHECK_FALSE(f.gate->known(pair("ada", "0")));  // the oldest wrong one is forgotten
  CHECK(f.gate->known(pair("ada", "1099")) == false);
}

TEST_CASE("without a good password the answer is 401, whatever is asked", "[net]") {
  ServerFixture fixture;
  fixture.add("GET", "/hello", hello);
  REQUIRE(fixture.server.set_web(users()).ok());
  fixture.start();
  for (const std::string_view authorization : {std::string_view(), kWrong, std::string_view("x")}) {
    const std::string answer = fixture.exchange(request(authorization));
    CHECK(status_of(answer) == "401");
    CHECK(answer.find("WWW-Authenticate: Basic\r\n") != std::string::npos);
    CHECK(answer.find("Content-Type: text/plain; charset=utf-8\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\nUnauthorized\n"));
  }
  CHECK(status_of(fixture.exchange("GET /none HTTP/1.0\r\n\r\n")) == "401");
  CHECK(status_of(fixture.exchange("OPTIONS /hello HTTP/1.0\r\n\r\n")) == "401");
  CHECK(fixture.exchange(request(kAda)).ends_with("\r\n\r\nhello"));
  CHECK(status_of(fixture.exchange("GET /none HTTP/1.0\r\nAuthorization: " + std::string(kAda) +
                                   "\r\n\r\n")) == "404");
}

TEST_CASE("a body that waits for the password arrives whole", "[net]") {
  ServerFixture fixture;
  fixture.add("POST", "/size", [](const Request& r) {
    return Response::text(200, std::to_string(r.body.text().size()));
  });
  REQUIRE(fixture.server.set_web(users()).ok());
  fixture.start();
  const std::string body(200'000, 'x');
  const std::string head = "POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n";
  const std::string good = head + "Authorization: " + std::string(kAda) + "\r\n";
  // Twice on one connection: the first waits for bcrypt, the second is known.
  RawSocket socket = fixture.connect();
  socket.send(good + "\r\n" + body + good + "Connection: close\r\n\r\n" + body);
  CHECK(count_of(socket.receive_all(10'000), "\r\n\r\n200000") == 2);
  CHECK(status_of(fixture.exchange(head + "\r\n" + body)) == "401");
}

TEST_CASE("users and headers change while the server runs", "[net]") {
  ServerFixture fixture;
  fixture.add("GET", "/hello", [](const Request&) {
    Response r = Response::text(200, "hello");
    r.headers.emplace_back("X-Frame-Options", "sameorigin");
    return r;
  });
  fixture.start();
  CHECK(status_of(fixture.exchange(request(""))) == "200");
  net::WebOptions web = users();
  web.headers = {{"X-Frame-Options", "deny"}, {"X-Content-Type-Options", "nosniff"}};
  REQUIRE(fixture.server.set_web(web).ok());
  for (const std::string_view who : {kAda, kWrong}) {
    const std::string answer = fixture.exchange(request(who));
    CHECK(count_of(answer, "X-Frame-Options: deny\r\n") == 1);
    CHECK(count_of(answer, "X-Frame-Options") == 1);
    CHECK(count_of(answer, "X-Content-Type-Options: nosniff\r\n") == 1);
  }
  REQUIRE(fixture.server.set_web({}).ok());
  CHECK(status_of(fixture.exchange(request(""))) == "200");
}

namespace {

net::WebOptions tls_of(const Identity& identity) {
  net::WebOptions web;
  web.has_tls = true;
  web.tls.cert = identity.certificate_pem();
  web.tls.key = net::Secret(identity.key_pem());
  return web;
}

std::string https(const ServerFixture& server, std::string_view path) {
  return "https://" + server.server.address() + std::string(path);
}

net::ClientOptions trusting(const Identity& identity) {
  net::ClientOptions options;
  options.tls.ca = identity.certificate_pem();
  options.tls.server_name = "server.test";
  return options;
}

}  // namespace

TEST_CASE("large answers and bodies go through TLS", "[net]") {
  const Identity identity("server.test");
  ServerFixture fixture;
  const std::string large(3'000'000, 'y');
  fixture.add("GET", "/large", [&](const Request&) { return Response::text(200, large); });
  fixture.add("POST", "/echo",
              [](const Request& r) { return Response::text(200, std::string(r.body.text())); });
  REQUIRE(fixture.server.set_web(tls_of(identity)).ok());
  fixture.start();
  ClientFixture client;
  const auto got = client.get(https(fixture, "/large"), 10'000, trusting(identity));
  INFO(got.status().message());
  REQUIRE(got.ok());
  CHECK(got->body.text() == large);
  net::FetchRequest post;
  post.method = "POST";
  post.url = https(fixture, "/echo");
  post.body = large.substr(0, 900'000);
  post.timeout_ms = 10'000;
  const auto echoed = client.client(trusting(identity))->fetch_now(std::move(post));
  REQUIRE(echoed.ok());
  CHECK(echoed->body.text().size() == 900'000);
}

TEST_CASE("who forgets the s of https is told so", "[net]") {
  const Identity identity("server.test");
  ServerFixture fixture;
  REQUIRE(fixture.server.set_web(tls_of(identity)).ok());
  fixture.start();
  CHECK(fixture.exchange(request("")) ==
        "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
}

TEST_CASE("a client that never finishes its handshake is closed", "[net]") {
  const Identity identity("server.test");
  net::ServerOptions options;
  options.header_timeout_ms = 100;
  ServerFixture fixture(options);
  REQUIRE(fixture.server.set_web(tls_of(identity)).ok());
  fixture.start();
  RawSocket silent = fixture.connect();
  RawSocket slow = fixture.connect();
  slow.send(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
  CHECK(silent.receive_all(5'000).empty());
  CHECK(slow.receive_all(5'000).empty());
}

TEST_CASE("client certificates are asked for, and judged by authority and name", "[net]") {
  const Identity identity("server.test");
  const Identity known("client.test");
  const Identity stranger("client.test");
  ServerFixture fixture;
  fixture.add("GET", "/hello", hello);
  net::WebOptions web = tls_of(identity);
  web.tls.client_auth_type = "RequireAndVerifyClientCert";
  web.tls.client_ca = known.certificate_pem();
  REQUIRE(fixture.server.set_web(web).ok());
  fixture.start();
  const auto asks = [&](const Identity* who) {
    ClientFixture client;
    net::ClientOptions options = trusting(identity);
    options.http_headers["Connection"].values = {"close"};  // each asks on one of its own
    if (who != nullptr) {
      options.tls.cert = who->certificate_pem();
      options.tls.key = net::Secret(who->key_pem());
    }
    return client.get(https(fixture, "/hello"), 10'000, options).ok();
  };
  CHECK(asks(&known));
  CHECK_FALSE(asks(&stranger));
  CHECK_FALSE(asks(nullptr));
  web.tls.client_allowed_sans = {"another.test"};
  REQUIRE(fixture.server.set_web(web).ok());
  CHECK_FALSE(asks(&known));
  web.tls.client_allowed_sans = {"another.test", "client.test"};
  REQUIRE(fixture.server.set_web(web).ok());
  CHECK(asks(&known));
  web.tls.client_allowed_sans.clear();
  web.tls.client_auth_type = "VerifyClientCertIfGiven";
  REQUIRE(fixture.server.set_web(web).ok());
  CHECK(asks(nullptr));
  CHECK_FALSE(asks(&stranger));
  web.tls.client_auth_type = "RequireAnyClientCert";
  REQUIRE(fixture.server.set_web(web).ok());
  CHECK(asks(&stranger));
  CHECK_FALSE(asks(nullptr));
}

TEST_CASE("a renewed certificate is used for the next client", "[net]") {
  const Identity first("server.test");
  const Identity second("server.test");
  const test::TemporaryFolder folder;
  const std::string cert = folder.file("cert.pem");
  const std::string key = folder.file("key.pem");
  const auto write = [&](const Identity& of_cert, const Identity& of_key) {
    for (const auto& [path, text] :
         {std::pair(cert, of_cert.certificate_pem()), std::pair(key, of_key.key_pem())}) {
      std::ofstream(path + ".new") << text;
      rename((path + ".new").c_str(), path.c_str());
    }
  };
  write(first, first);
  ServerFixture fixture;
  fixture.add("GET", "/hello", hello);
  net::WebOptions web;
  web.has_tls = true;
  web.tls.cert_file = cert;
  web.tls.key_file = key;
  REQUIRE(fixture.server.set_web(web).ok());
  fixture.start();
  const auto trusted = [&](const Identity& by) {
    ClientFixture client;
    net::ClientOptions options = trusting(by);
    options.http_headers["Connection"].values = {"close"};  // each asks on one of its own
    return client.get(https(fixture, "/hello"), 10'000, options).ok();
  };
  CHECK(trusted(first));
  write(second, first);  // half of the renewal: the old pair stays
  CHECK(trusted(first));
  write(second, second);
  CHECK(trusted(second));
  CHECK_FALSE(trusted(first));
  std::filesystem::remove(cert);
  CHECK(trusted(second));
}

TEST_CASE("certificates that cannot be used are said so, and change nothing", "[net]") {
  const Identity one("server.test");
  const Identity other("server.test");
  const auto fault = [](const net::WebOptions& web) { return net::check_web(web).message(); };
  net::WebOptions web = tls_of(one);
  CHECK(net::check_web(web).ok());
  web.tls.key = net::Secret(other.key_pem());
  CHECK(fault(web).starts_with("the server's key is not that of its certificate: "));
  web.tls.key = net::Secret("nonsense");
  CHECK(fault(web).starts_with("the server's key: "));
  CHECK(fault(web).find("nonsense") == std::string::npos);
  web = tls_of(one);
  web.tls.cert = "nonsense";
  CHECK(fault(web) == "the server's certificate: there is no PEM certificate");
  web.tls.cert_file = "/nonexistent/cert.pem";
  CHECK(fault(web) ==
        "cert_file: unable to read file /nonexistent/cert.pem: open /nonexistent/cert.pem: no such "
        "file or directory");
}
