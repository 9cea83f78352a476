// SPDX-License-Identifier: Apache-2.0
#include "config/render_parts.hpp"

#include <narthex/sdk/shown_url.hpp>

namespace narthex::config {

namespace {

constexpr std::string_view kHidden = "<secret>";

class ClientRenderer {
 public:
  ClientRenderer(YamlWriter& yaml, Secrets secrets) : yaml_(yaml), secrets_(secrets) {}

  void client(const net::ClientOptions& client) {
    if (client.has_basic_auth) basic_auth(client.basic_auth);
    if (client.has_authorization) authorization(client.authorization);
    if (client.has_oauth2) oauth2(client.oauth2);
    tls(client.tls);
    yaml_.field("follow_redirects", client.follow_redirects);
    yaml_.field("enable_http2", client.enable_http2);
    proxy(client.proxy_url, client.no_proxy, client.proxy_from_environment);
    proxy_headers(client);
    headers(client);
  }

 private:
  std::string_view shown(const net::Secret& secret) const {
    return secrets_ == Secrets::kShown ? std::string_view(secret.reveal()) : kHidden;
  }
  void text(std::string_view key, const std::string& value) {
    if (!value.empty()) yaml_.field(key, value);
  }
  void secret(std::string_view key, const net::Secret& value) {
    if (!value.empty()) yaml_.field(key, shown(value));
  }

  void basic_auth(const net::BasicAuthOptions& auth) {
    if (auth == net::BasicAuthOptions()) return yaml_.literal("basic_auth", "{}");
    yaml_.begin_table("basic_auth");
    text("username", auth.username);
    text("username_file", auth.username_file);
    secret("password", auth.password);
    text("password_file", auth.password_file);
    yaml_.end_table();
  }

  void authorization(const net::AuthorizationOptions& auth) {
    yaml_.begin_table("authorization");
    text("type", auth.type);
    secret("credentials", auth.credentials);
    text("credentials_file", auth.credentials_file);
    yaml_.end_table();
  }

  void oauth2(const net::OAuth2Options& auth) {
    yaml_.begin_table("oauth2");
    text("client_id", auth.client_id);
    secret("client_secret", auth.client_secret);
    text("client_secret_file", auth.client_secret_file);
    if (!auth.scopes.empty()) yaml_.list("scopes", auth.scopes);
    text("token_url", auth.token_url);
    if (!auth.endpoint_params.empty()) {
      yaml_.begin_table("endpoint_params");
      for (const auto& [name, value] : auth.endpoint_params) yaml_.field(name, value);
      yaml_.end_table();
    }
    tls(auth.tls);
    proxy(auth.proxy_url, auth.no_proxy, auth.proxy_from_environment);
    yaml_.end_table();
  }

  void tls(const net::TlsOptions& tls) {
    if (tls == net::TlsOptions()) return;
    yaml_.begin_table("tls_config");
    text("ca", tls.ca);
    text("cert", tls.cert);
    secret("key", tls.key);
    text("ca_file", tls.ca_file);
    text("cert_file", tls.cert_file);
    text("key_file", tls.key_file);
    text("server_name", tls.server_name);
    yaml_.field("insecure_skip_verify", tls.insecure_skip_verify);
    text("min_version", tls.min_version);
    text("max_version", tls.max_version);
    yaml_.end_table();
  }

  void proxy(const std::string& url, const std::string& none, bool from_environment) {
    text("proxy_url", secrets_ == Secrets::kShown ? url : without_password(url));
    text("no_proxy", none);
    if (from_environment) yaml_.field("proxy_from_environment", true);
  }

  void proxy_headers(const net::ClientOptions& client) {
    if (client.proxy_connect_header.empty()) return;
    yaml_.begin_table("proxy_connect_header");
    for (const auto& [name, value] : client.proxy_connect_header) {
      yaml_.list(name, {std::string(shown(value))});
    }
    yaml_.end_table();
  }

  void headers(const net::ClientOptions& client) {
    if (client.http_headers.empty()) return;
    yaml_.begin_table("http_headers");
    for (const auto& [name, header] : client.http_headers) {
      if (header == net::HeaderOptions()) {
        yaml_.literal(name, "{}");
        continue;
      }
      yaml_.begin_table(name);
      if (!header.values.empty()) yaml_.list("values", header.values);
      if (!header.secrets.empty()) {
        std::vector<std::string> secrets;
        for (const net::Secret& each : header.secrets) secrets.emplace_back(shown(each));
        yaml_.list("secrets", secrets);
      }
      if (!header.files.empty()) yaml_.list("files", header.files);
      yaml_.end_table();
    }
    yaml_.end_table();
  }

  YamlWriter& yaml_;
  Secrets secrets_;
};

}  // namespace

std::string without_password(std::string url) { return sdk::shown_url(url, "xxxxx"); }

void render_client(YamlWriter& yaml, const net::ClientOptions& client, Secrets secrets) {
  ClientRenderer(yaml, secrets).client(client);
}

void render_rules(YamlWriter& yaml, std::string_view key,
                  const std::vector<relabel::RuleOptions>& rules) {
  if (rules.empty()) return;
  yaml.begin_list(key);
  for (const relabel::RuleOptions& rule : rules) {
    yaml.begin_item();
    if (!rule.source_labels.empty()) yaml.flow_list("source_labels", rule.source_labels);
    if (!rule.separator.empty()) yaml.field("separator", rule.separator);
    if (rule.has_regex && rule.regex.empty()) {
      yaml.literal("regex", "null");
    } else if (rule.has_regex) {
      yaml.field("regex", rule.regex);
    }
    if (rule.modulus != 0) yaml.field("modulus", rule.modulus);
    if (!rule.target_label.empty()) yaml.field("target_label", rule.target_label);
    if (!rule.replacement.empty()) yaml.field("replacement", rule.replacement);
    yaml.field("action", rule.action);
    yaml.end_item();
  }
  yaml.end_list();
}

}  // namespace narthex::config
