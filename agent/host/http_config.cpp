// SPDX-License-Identifier: Apache-2.0
#include "host/http_config.hpp"

#include <narthex/sdk/value.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {
namespace {

using sdk::Value;

std::string text(Value table, std::string_view key) { return table[key].get<std::string>(); }

net::Secret secret(Value table, std::string_view key) { return net::Secret(text(table, key)); }

Status at_most_one(bool first, bool second, const std::string& names) {
  if (!first || !second) return Status();
  return invalid_config("at most one of " + names + " must be configured");
}

std::vector<std::string> texts(Value list) {
  std::vector<std::string> all;
  for (const nx_value& item : list.items()) all.push_back(Value(&item).get<std::string>());
  return all;
}

std::vector<net::Secret> secrets(Value list) {
  std::vector<net::Secret> all;
  for (std::string& item : texts(list)) all.emplace_back(std::move(item));
  return all;
}

Status read_tls(Value table, net::TlsOptions& out) {
  out.ca = text(table, "ca");
  out.ca_file = text(table, "ca_file");
  out.cert = text(table, "cert");
  out.cert_file = text(table, "cert_file");
  out.key = secret(table, "key");
  out.key_file = text(table, "key_file");
  out.server_name = text(table, "server_name");
  out.insecure_skip_verify = table["insecure_skip_verify"].get<bool>();
  out.min_version = text(table, "min_version");
  out.max_version = text(table, "max_version");
  if (Status s = at_most_one(!out.ca.empty(), !out.ca_file.empty(), "ca and ca_file"); !s.ok()) {
    return s;
  }
  if (Status s = at_most_one(!out.cert.empty(), !out.cert_file.empty(), "cert and cert_file");
      !s.ok()) {
    return s;
  }
  if (Status s = at_most_one(!out.key.empty(), !out.key_file.empty(), "key and key_file");
      !s.ok()) {
    return s;
  }
  const bool has_cert = !out.cert.empty() || !out.cert_file.empty();
  const bool has_key = !out.key.empty() || !out.key_file.empty();
  if (has_cert && !has_key) {
    return invalid_config(
        "exactly one of key or key_file must be configured when a client certificate is "
        "configured");
  }
  if (has_key && !has_cert) {
    return invalid_config(
        "exactly one of cert or cert_file must be configured when a client key is configured");
  }
  return Status();
}

Status read_basic_auth(Value table, net::BasicAuthOptions& out) {
  out.username = text(table, "username");
  out.username_file = text(table, "username_file");
  out.password = secret(table, "password");
  out.password_file = text(table, "password_file");
  if (Status s = at_most_one(!out.username.empty(), !out.username_file.empty(),
                             "basic_auth username & username_file");
      !s.ok()) {
    return s;
  }
  return at_most_one(!out.password.empty(), !out.password_file.empty(),
                     "basic_auth password & password_file");
}

Status read_authorization(Value table, net::AuthorizationOptions& out) {
  if (const std::string type = text(table, "type"); !type.empty()) out.type = type;
  out.credentials = secret(table, "credentials");
  out.credentials_file = text(table, "credentials_file");
  std::string lower = out.type;
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  if (lower == "basic") {
    return invalid_config(
        "authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
  }
  return at_most_one(!out.credentials.empty(), !out.credentials_file.empty(),
                     "authorization credentials & credentials_file");
}

Status read_oauth2(Value table, net::OAuth2Options& out) {
  out.client_id = text(table, "client_id");
  out.client_secret = secret(table, "client_secret");
  out.client_secret_file = text(table, "client_secret_file");
  out.scopes = texts(table["scopes"]);
  out.token_url = text(table, "token_url");
  for (const nx_kv& entry : table["endpoint_params"].entries()) {
    out.endpoint_params[std::string(view(entry.key))] = Value(&entry.value).get<std::string>();
  }
  out.proxy_url = text(table, "proxy_url");
  out.no_proxy = text(table, "no_proxy");
  out.proxy_from_environment = table["proxy_from_environment"].get<bool>();
  if (out.client_id.empty()) return invalid_config("oauth2 client_id must be configured");
  if (out.token_url.empty()) return invalid_config("oauth2 token_url must be configured");
  if (Status s = at_most_one(!out.client_secret.empty(), !out.client_secret_file.empty(),
                             "oauth2 client_secret & client_secret_file");
      !s.ok()) {
    return s;
  }
  return read_tls(table["tls_config"], out.tls);
}

// bearer_token and its file are the old spelling of authorization.
Status read_bearer(Value table, net::ClientOptions& out) {
  const std::string token = text(table, "bearer_token");
  const std::string file = text(table, "bearer_token_file");
  if (token.empty() && file.empty()) return Status();
  if (out.has_authorization) {
    return invalid_config("authorization is not compatible with bearer_token & bearer_token_file");
  }
  if (out.has_basic_auth || out.has_oauth2 || (!token.empty() && !file.empty())) {
    return invalid_config(
        "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured");
  }
  out.has_authorization = true;
  out.authorization.credentials = net::Secret(token);
  out.authorization.credentials_file = file;
  return Status();
}

Status read_authentication(Value table, net::ClientOptions& out) {
  out.has_basic_auth = static_cast<bool>(table["basic_auth"]);
  out.has_authorization = static_cast<bool>(table["authorization"]);
  out.has_oauth2 = static_cast<bool>(table["oauth2"]);
  if (int{out.has_basic_auth} + int{out.has_authorization} + int{out.has_oauth2} > 1) {
    return invalid_config("at most one of basic_auth, oauth2 & authorization must be configured");
  }
  if (out.has_basic_auth) {
    if (Status s = read_basic_auth(table["basic_auth"], out.basic_auth); !s.ok()) return s;
  }
  if (out.has_authorization) {
    if (Status s = read_authorization(table["authorization"], out.authorization); !s.ok()) return s;
  }
  if (out.has_oauth2) {
    if (Status s = read_oauth2(table["oauth2"], out.oauth2); !s.ok()) return s;
  }
  return read_bearer(table, out);
}

Status read_proxy(Value table, net::ClientOptions& out) {
  out.proxy_url = text(table, "proxy_url");
  out.no_proxy = text(table, "no_proxy");
  out.proxy_from_environment = table["proxy_from_environment"].get<bool>();
  for (const nx_kv& entry : table["proxy_connect_header"].entries()) {
    const auto values = texts(Value(&entry.value));
    if (!values.empty()) {
      out.proxy_connect_header[std::string(view(entry.key))] = net::Secret(values[0]);
    }
  }
  if (out.proxy_from_environment && !out.proxy_url.empty()) {
    return invalid_config(
        "if proxy_from_environment is configured, proxy_url must not be configured");
  }
  if (out.proxy_from_environment && !out.no_proxy.empty()) {
    return invalid_config(
        "if proxy_from_environment is configured, no_proxy must not be configured");
  }
  if (out.proxy_url.empty() && !out.no_proxy.empty()) {
    return invalid_config("if no_proxy is configured, proxy_url must also be configured");
  }
  return Status();
}

void read_headers(Value table, net::ClientOptions& out) {
  for (const nx_kv& entry : table["http_headers"].entries()) {
    const Value header(&entry.value);
    net::HeaderOptions& made = out.http_headers[std::string(view(entry.key))];
    made.values = texts(header["values"]);
    made.secrets = secrets(header["secrets"]);
    made.files = texts(header["files"]);
  }
}

}  // namespace

Result<net::ClientOptions> read_http_config(const nx_value& raw) {
  const Value table(&raw);
  net::ClientOptions out;
  out.follow_redirects = table["follow_redirects"].get<bool>(true);
  out.enable_http2 = table["enable_http2"].get<bool>(true);
  if (Status s = read_authentication(table, out); !s.ok()) return s;
  if (Status s = read_tls(table["tls_config"], out.tls); !s.ok()) return s;
  if (Status s = read_proxy(table, out); !s.ok()) return s;
  read_headers(table, out);
  return out;
}

}  // namespace narthex::host
