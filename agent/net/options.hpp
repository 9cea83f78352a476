// SPDX-License-Identifier: Apache-2.0
// options.hpp - what the HTTP client and the HTTP server can be told. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace narthex::net {

// A credential. It prints as "<secret>": reading it takes a call that says so.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string text_;
};

// Prometheus's tls_config. The *_file forms are read again whenever they changed.
struct TlsOptions {
  std::string ca, ca_file;
  std::string cert, cert_file;
  Secret key;
  std::string key_file;
  std::string server_name;
  bool insecure_skip_verify = false;
  std::string min_version, max_version;  // TLS10 TLS11 TLS12 TLS13; empty: TLS12 and up
  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

struct BasicAuthOptions {
  std::string username, username_file;
  Secret password;
  std::string password_file;
  friend bool operator==(const BasicAuthOptions&, const BasicAuthOptions&) = default;
};

struct AuthorizationOptions {
  std::string type = "Bearer";
  Secret credentials;
  std::string credentials_file;
  friend bool operator==(const AuthorizationOptions&, const AuthorizationOptions&) = default;
};

struct OAuth2Options {
  std::string client_id;
  Secret client_secret;
  std::string client_secret_file;
  std::vector<std::string> scopes;
  std::string token_url;
  std::map<std::string, std::string> endpoint_params;
  TlsOptions tls;
  std::string proxy_url, no_proxy;
  bool proxy_from_environment = false;
  friend bool operator==(const OAuth2Options&, const OAuth2Options&) = default;
};

struct HeaderOptions {
  std::vector<std::string> values;
  std::vector<Secret> secrets;
  std::vector<std::string> files;
  friend bool operator==(const HeaderOptions&, const HeaderOptions&) = default;
};

// Prometheus's http_config. At most one of the authentications is set (config checks it); has_* say
// which. Defaults are Prometheus's.
struct ClientOptions {
  bool has_basic_auth = false;
  BasicAuthOptions basic_auth;
  bool has_authorization = false;
  AuthorizationOptions authorization;
  bool has_oauth2 = false;
  OAuth2Options oauth2;
  TlsOptions tls;
  std::string proxy_url, no_proxy;
  bool proxy_from_environment = false;
  std::map<std::string, Secret> proxy_connect_header;
  bool follow_redirects = true;
  bool enable_http2 = true;
  std::map<std::string, HeaderOptions> http_headers;
  friend bool operator==(const ClientOptions&, const ClientOptions&) = default;
};

// The TLS side of the server: exporter-toolkit's tls_server_config. Files are read again whenever
// they changed; config has checked the words.
struct ServerTlsOptions {
  std::string cert, cert_file;
  Secret key;
  std::string key_file;
  std::string client_ca, client_ca_file;
  std::string client_auth_type;  // empty: NoClientCert
  std::vector<std::string> client_allowed_sans;
  std::vector<std::string> cipher_suites;  // IANA names
  std::vector<std::string> curve_preferences;
  std::string min_version = "TLS12", max_version = "TLS13";
  bool prefer_server_cipher_suites = true;
  friend bool operator==(const ServerTlsOptions&, const ServerTlsOptions&) = default;
};

// What Prometheus keeps in its web.config.file. May change while the server runs.
struct WebOptions {
  bool has_tls = false;
  ServerTlsOptions tls;
  // Whether HTTP/2 may be offered. It never is: clients settle for HTTP/1.1 by ALPN.
  bool http2 = true;
  std::map<std::string, std::string> headers;  // of every answer
  std::map<std::string, Secret> users;         // name -> bcrypt hash; none: everybody
  friend bool operator==(const WebOptions&, const WebOptions&) = default;
};

struct ServerOptions {
  std::string listen = "127.0.0.1:9090";
  int connections_max = 4096;
  std::int64_t read_timeout_ms = 300'000;   // idle keep-alive connections are closed after it
  std::int64_t header_timeout_ms = 10'000;  // from the first byte of a request to its blank line
  std::int64_t body_rate_floor = 1024;      // bytes a second a body must keep up, after 10 s
  std::uint64_t request_line_max = 8 << 10;
  std::uint64_t header_bytes_max = 64 << 10;
  std::uint64_t bodies_bytes_max = 512 << 20;  // of all request bodies together; beyond it 503
  std::string cors_origin = ".*";              // anchored regex
  int query_threads = 0;                       // 0: from the executor
};

}  // namespace narthex::net
