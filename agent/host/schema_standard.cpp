// SPDX-License-Identifier: Apache-2.0
// schema_standard.cpp - schemas that every plugin may refer to with $ref: what Prometheus calls
// http_config, tls_config and relabel_config. Keys and defaults are Prometheus's.
#include "host/schema_node.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace narthex::host {
namespace {

constexpr std::string_view kTls = R"json({
  "type": "object",
  "properties": {
    "ca": {"type": "string"},
    "ca_file": {"type": "string", "format": "path"},
    "cert": {"type": "string"},
    "cert_file": {"type": "string", "format": "path"},
    "key": {"type": "string", "format": "secret"},
    "key_file": {"type": "string", "format": "path"},
    "server_name": {"type": "string"},
    "insecure_skip_verify": {"type": "boolean"},
    "min_version": {"type": "string", "enum": ["TLS10", "TLS11", "TLS12", "TLS13"]},
    "max_version": {"type": "string", "enum": ["TLS10", "TLS11", "TLS12", "TLS13"]}
  }
})json";

constexpr std::string_view kBasicAuth = R"json({
  "type": "object",
  "properties": {
    "username": {"type": "string"},
    "username_file": {"type": "string", "format": "path"},
    "password": {"type": "string", "format": "secret"},
    "password_file": {"type": "string", "format": "path"}
  }
})json";

constexpr std::string_view kAuthorization = R"json({
  "type": "object",
  "properties": {
    "type": {"type": "string"},
    "credentials": {"type": "string", "format": "secret"},
    "credentials_file": {"type": "string", "format": "path"}
  }
})json";

constexpr std::string_view kProxyHeaders = R"json({
  "type": "object",
  "additionalProperties": {"type": "array", "items": {"type": "string", "format": "secret"}}
})json";

constexpr std::string_view kOAuth2 = R"json({
  "type": "object",
  "required": ["client_id", "token_url"],
  "properties": {
    "client_id": {"type": "string"},
    "client_secret": {"type": "string", "format": "secret"},
    "client_secret_file": {"type": "string", "format": "path"},
    "scopes": {"type": "array", "items": {"type": "string"}},
    "token_url": {"type": "string", "format": "url"},
    "endpoint_params": {"type": "object", "additionalProperties": {"type": "string"}},
    "tls_config": {"$ref": "narthex:tls"},
    "proxy_url": {"type": "string", "format": "url"},
    "no_proxy": {"type": "string"},
    "proxy_from_environment": {"type": "boolean"},
    "proxy_connect_header": {"$ref": "narthex:proxy_headers"}
  }
})json";

constexpr std::string_view kHttpClient = R"json({
  "type": "object",
  "properties": {
    "basic_auth": {"$ref": "narthex:basic_auth"},
    "authorization": {"$ref": "narthex:authorization"},
    "oauth2": {"$ref": "narthex:oauth2"},
    "bearer_token": {"type": "string", "format": "secret"},
    "bearer_token_file": {"type": "string", "format": "path"},
    "tls_config": {"$ref": "narthex:tls"},
    "follow_redirects": {"type": "boolean", "default": true},
    "enable_http2": {"type": "boolean", "default": true},
    "proxy_url": {"type": "string", "format": "url"},
    "no_proxy": {"type": "string"},
    "proxy_from_environment": {"type": "boolean"},
    "proxy_connect_header": {"$ref": "narthex:proxy_headers"},
    "http_headers": {
      "type": "object",
      "additionalProperties": {
        "type": "object",
        "properties": {
          "values": {"type": "array", "items": {"type": "string"}},
          "secrets": {"type": "array", "items": {"type": "string", "format": "secret"}},
          "files": {"type": "array", "items": {"type": "string", "format": "path"}}
        }
      }
    }
  }
})json";

constexpr std::string_view kRelabel = R"json({
  "type": "object",
  "properties": {
    "source_labels": {"type": "array", "items": {"type": "string"}},
    "separator": {"type": "string"},
    "target_label": {"type": "string"},
    "regex": {"type": "string", "format": "regex"},
    "modulus": {"type": "integer", "minimum": 0},
    "replacement": {"type": "string"},
    "action": {"type": "string", "enum": ["replace", "keep", "drop", "keepequal", "dropequal",
      "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"]}
  }
})json";

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kStandard = {{
    {"narthex:tls", kTls},
    {"narthex:basic_auth", kBasicAuth},
    {"narthex:authorization", kAuthorization},
    {"narthex:oauth2", kOAuth2},
    {"narthex:proxy_headers", kProxyHeaders},
    {"narthex:http_client", kHttpClient},
    {"narthex:relabel", kRelabel},
}};

}  // namespace

std::string_view standard_schema(std::string_view name) {
  for (const auto& [known, text] : kStandard) {
    if (known == name) return text;
  }
  return {};
}

}  // namespace narthex::host
