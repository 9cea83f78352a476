// SPDX-License-Identifier: Apache-2.0
#include "config/http_client.hpp"

#include "config/sources.hpp"

#include <algorithm>
#include <array>

namespace narthex::config {

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

void check_tls_version(TableReader& table, std::string_view key, const std::string& version) {
  for (const std::string_view known : {"", "TLS10", "TLS11", "TLS12", "TLS13"}) {
    if (version == known) return;
  }
  table.error(key, "unknown TLS version: " + version);
}

net::TlsOptions read_tls(TableReader& parent) {
  net::TlsOptions tls;
  TableReader table = parent.table("tls_config");
  if (!table.present()) return tls;
  table.read("ca", tls.ca);
  table.read("ca_file", tls.ca_file);
  table.read("cert", tls.cert);
  table.read("cert_file", tls.cert_file);
  table.read("key", tls.key);
  table.read("key_file", tls.key_file);
  table.read("server_name", tls.server_name);
  table.read("insecure_skip_verify", tls.insecure_skip_verify);
  table.read("min_version", tls.min_version);
  table.read("max_version", tls.max_version);
  table.done();
  check_tls_version(table, "min_version", tls.min_version);
  check_tls_version(table, "max_version", tls.max_version);
  if (!tls.ca.empty() && !tls.ca_file.empty()) {
    table.error("ca_file", "at most one of ca and ca_file must be configured");
  }
  if (!tls.cert.empty() && !tls.cert_file.empty()) {
    table.error("cert_file", "at most one of cert and cert_file must be configured");
  }
  if (!tls.key.empty() && !tls.key_file.empty()) {
    table.error("key_file", "at most one of key and key_file must be configured");
  }
  const bool has_cert = !tls.cert.empty() || !tls.cert_file.empty();
  const bool has_key = !tls.key.empty() || !tls.key_file.empty();
  if (has_cert && !has_key) {
    table.error("",
                "exactly one of key or key_file must be configured when a client certificate "
                "is configured");
  }
  if (has_key && !has_cert) {
    table.error("",
                "exactly one of cert or cert_file must be configured when a client key is "
                "configured");
  }
  return tls;
}

void read_basic_auth(TableReader& parent, net::ClientOptions& out) {
  TableReader table = parent.table("basic_auth");
  if (!table.present()) return;
  out.has_basic_auth = true;
  net::BasicAuthOptions& auth = out.basic_auth;
  table.read("username", auth.username);
  table.read("username_file", auth.username_file);
  table.read("password", auth.password);
  table.read("password_file", auth.password_file);
  table.done();
  if (!auth.username.empty() && !auth.username_file.empty()) {
    table.error("username_file",
                "at most one of basic_auth username and username_file must be configured");
  }
  if (!auth.password.empty() && !auth.password_file.empty()) {
    table.error("password_file",
                "at most one of basic_auth password and password_file must be configured");
  }
}

void read_authorization(TableReader& parent, net::ClientOptions& out) {
  TableReader table = parent.table("authorization");
  if (!table.present()) return;
  out.has_authorization = true;
  net::AuthorizationOptions& auth = out.authorization;
  table.read("type", auth.type);
  table.read("credentials", auth.credentials);
  table.read("credentials_file", auth.credentials_file);
  table.done();
  if (auth.type.empty()) auth.type = "Bearer";
  if (!auth.credentials.empty() && !auth.credentials_file.empty()) {
    table.error("credentials_file",
                "at most one of authorization credentials & credentials_file must be configured");
  }
  if (lower(auth.type) == "basic") {
    table.error("type",
                "authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
  }
}

// The older way to write an authorization.
void read_bearer_token(TableReader& table, net::ClientOptions& out) {
  net::Secret token;
  std::string file;
  table.read("bearer_token", token);
  table.read("bearer_token_file", file);
  if (token.empty() && file.empty()) return;
  if (!token.empty() && !file.empty()) {
    table.error("bearer_token_file",
                "at most one of bearer_token & bearer_token_file must be configured");
  }
  if (out.has_authorization) {
    table.error("authorization",
                "authorization is not compatible with bearer_token & bearer_token_file");
  } else if (out.has_basic_auth || out.has_oauth2) {
    table.error(token.empty() ? "bearer_token_file" : "bearer_token",
                "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be "
                "configured");
  }
  out.has_authorization = true;
  out.authorization.credentials = std::move(token);
  out.authorization.credentials_file = std::move(file);
}

// What a client and its OAuth2 token source both have.
void check_proxy(TableReader& table, const std::string& url, const std::string& none,
                 bool from_environment) {
  if (!url.empty() && url.find("://") == std::string::npos) {
    table.error("proxy_url", "parse \"" + url + "\": missing protocol scheme");
  }
  if (from_environment && !url.empty()) {
    table.error("proxy_url",
                "if proxy_from_environment is configured, proxy_url must not be configured");
  }
  if (from_environment && !none.empty()) {
    table.error("no_proxy",
                "if proxy_from_environment is configured, no_proxy must not be configured");
  } else if (url.empty() && !none.empty()) {
    table.error("no_proxy", "if no_proxy is configured, proxy_url must also be configured");
  }
}

void read_oauth2(TableReader& parent, net::ClientOptions& out) {
  TableReader table = parent.table("oauth2");
  if (!table.present()) return;
  out.has_oauth2 = true;
  net::OAuth2Options& auth = out.oauth2;
  table.read("client_id", auth.client_id);
  table.read("client_secret", auth.client_secret);
  table.read("client_secret_file", auth.client_secret_file);
  table.read("scopes", auth.scopes);
  table.read("token_url", auth.token_url);
  table.read("endpoint_params", auth.endpoint_params);
  auth.tls = read_tls(table);
  table.read("proxy_url", auth.proxy_url);
  table.read("no_proxy", auth.no_proxy);
  table.read("proxy_from_environment", auth.proxy_from_environment);
  table.done();
  check_proxy(table, auth.proxy_url, auth.no_proxy, auth.proxy_from_environment);
  if (auth.client_id.empty()) table.error("", "oauth2 client_id must be configured");
  if (auth.token_url.empty()) table.error("", "oauth2 token_url must be configured");
  if (!auth.client_secret.empty() && !auth.client_secret_file.empty()) {
    table.error("client_secret_file",
                "at most one of oauth2 client_secret & client_secret_file must be configured");
  }
}

// Headers that the client itself sets.
constexpr std::array kReservedHeaders = {std::string_view("authorization"),
                                         std::string_view("host"),
                                         std::string_view("content-encoding"),
                                         std::string_view("content-length"),
                                         std::string_view("content-type"),
                                         std::string_view("user-agent"),
                                         std::string_view("connection"),
                                         std::string_view("keep-alive"),
                                         std::string_view("proxy-authenticate"),
                                         std::string_view("proxy-authorization"),
                                         std::string_view("www-authenticate"),
                                         std::string_view("accept-encoding"),
                                         std::string_view("x-prometheus-remote-write-version"),
                                         std::string_view("x-prometheus-remote-read-version"),
                                         std::string_view("x-prometheus-scrape-timeout-seconds"),
                                         std::string_view("x-amz-date"),
                                         std::string_view("x-amz-security-token"),
                                         std::string_view("x-amz-content-sha256")};

void read_headers(TableReader& parent, net::ClientOptions& out) {
  TableReader table = parent.table("http_headers");
  if (!table.present()) return;
  for (const Part& part : table.others()) {
    const std::string name(view(part.entry->key));
    if (is_reserved_header(name)) {
      table.diagnostics().key_error(part, "setting header \"" + name + "\" is not allowed");
    }
    TableReader header(table.diagnostics(), {part}, "http_headers");
    net::HeaderOptions& options = out.http_headers[name];
    header.read("values", options.values);
    header.read("secrets", options.secrets);
    header.read("files", options.files);
    header.done();
  }
}

void read_proxy(TableReader& table, net::ClientOptions& out) {
  table.read("proxy_url", out.proxy_url);
  table.read("no_proxy", out.no_proxy);
  table.read("proxy_from_environment", out.proxy_from_environment);
  check_proxy(table, out.proxy_url, out.no_proxy, out.proxy_from_environment);
  TableReader headers = table.table("proxy_connect_header");
  if (!headers.present()) return;
  for (const Part& part : headers.others()) {
    const std::string_view name = view(part.entry->key);
    std::vector<std::string> values;
    headers.read(name, values);
    std::string joined;
    for (const std::string& value : values) joined += (joined.empty() ? "" : ", ") + value;
    out.proxy_connect_header[std::string(name)] = net::Secret(std::move(joined));
  }
  if (out.proxy_url.empty() && !out.proxy_from_environment) {
    table.error("proxy_connect_header",
                "if proxy_connect_header is configured, proxy_url or proxy_from_environment must "
                "also be configured");
  }
}

}  // namespace

bool is_reserved_header(std::string_view name) {
  return std::find(kReservedHeaders.begin(), kReservedHeaders.end(), lower(std::string(name))) !=
         kReservedHeaders.end();
}

net::ClientOptions read_http_client(TableReader& table) {
  net::ClientOptions out;
  read_basic_auth(table, out);
  read_authorization(table, out);
  read_oauth2(table, out);
  if (int{out.has_basic_auth} + int{out.has_authorization} + int{out.has_oauth2} > 1) {
    table.error(out.has_basic_auth ? "basic_auth" : "oauth2",
                "at most one of basic_auth, oauth2 & authorization must be configured");
  }
  read_bearer_token(table, out);
  out.tls = read_tls(table);
  read_proxy(table, out);
  table.read("follow_redirects", out.follow_redirects);
  table.read("enable_http2", out.enable_http2);
  read_headers(table, out);
  return out;
}

bool load_client_file(const std::string& file, net::ClientOptions& client,
                      std::vector<document::Finding>& findings) {
  std::vector<document::Finding> errors;
  std::vector<document::Finding> warnings;
  Diagnostics diagnostics(errors, warnings);
  if (const DocumentRef document = read_file(file, process_environment, diagnostics)) {
    TableReader root(diagnostics, {{document, &document->root(), nullptr}},
                     "the HTTP client configuration");
    client = read_http_client(root);
    root.done();
  }
  findings.insert(findings.end(), errors.begin(), errors.end());
  return errors.empty();
}

}  // namespace narthex::config
