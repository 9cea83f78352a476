// SPDX-License-Identifier: Apache-2.0
#include "config/web_section.hpp"

#include "config/sources.hpp"
#include "net/bcrypt.hpp"
#include "net/server.hpp"
#include "net/tls_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace narthex::config {

namespace {

void check_words(TableReader& table, const net::ServerTlsOptions& tls) {
  if (net::tls_version(tls.min_version) == 0) {
    table.error("min_version", "unknown TLS version: " + tls.min_version);
  }
  if (net::tls_version(tls.max_version) == 0) {
    table.error("max_version", "unknown TLS version: " + tls.max_version);
  }
  if (net::tls_version(tls.min_version) > net::tls_version(tls.max_version)) {
    table.error("min_version", "min_version is above max_version");
  }
  for (const std::string& name : tls.cipher_suites) {
    if (net::cipher_name(name).empty()) table.error("cipher_suites", "unknown cipher: " + name);
  }
  for (const std::string& name : tls.curve_preferences) {
    if (net::curve_name(name).empty()) table.error("curve_preferences", "unknown curve: " + name);
  }
  if (!net::is_client_auth(tls.client_auth_type)) {
    table.error("client_auth_type", "invalid ClientAuth: " + tls.client_auth_type,
                "expected NoClientCert, RequestClientCert, RequireAnyClientCert, "
                "VerifyClientCertIfGiven or RequireAndVerifyClientCert");
  }
}

void check_pair(TableReader& table, const char* key, bool text, bool file) {
  const std::string name(key);
  if (text && file) {
    table.error(name + "_file", "only one of " + name + " and " + name + "_file may be set");
  } else if (!text && !file) {
    table.error("", "missing one of " + name + " or " + name + "_file");
  }
}

void check_clients(TableReader& table, const net::ServerTlsOptions& tls) {
  const bool has_ca = !tls.client_ca.empty() || !tls.client_ca_file.empty();
  if (!tls.client_ca.empty() && !tls.client_ca_file.empty()) {
    table.error("client_ca_file", "only one of client_ca and client_ca_file may be set");
  }
  const bool asks = !tls.client_auth_type.empty() && tls.client_auth_type != "NoClientCert";
  if (has_ca && !asks) {
    table.error(tls.client_ca.empty() ? "client_ca_file" : "client_ca",
                "client CA's have been configured without a Client Auth Policy",
                "set client_auth_type, for instance to RequireAndVerifyClientCert");
  }
  const bool verifies = tls.client_auth_type == "VerifyClientCertIfGiven" ||
                        tls.client_auth_type == "RequireAndVerifyClientCert";
  if (!tls.client_allowed_sans.empty() && !verifies) {
    table.diagnostics().warn(table.all("client_allowed_sans").front(),
                             "client_allowed_sans keeps nobody out unless client_auth_type "
                             "verifies certificates");
  }
}

void read_tls_server(TableReader& parent, net::WebOptions& web) {
  TableReader table = parent.table("tls_server_config");
  if (!table.present()) return;
  net::ServerTlsOptions& tls = web.tls;
  table.read("cert", tls.cert);
  table.read("cert_file", tls.cert_file);
  table.read("key", tls.key);
  table.read("key_file", tls.key_file);
  table.read("client_ca", tls.client_ca);
  table.read("client_ca_file", tls.client_ca_file);
  table.read("client_auth_type", tls.client_auth_type);
  table.read("client_allowed_sans", tls.client_allowed_sans);
  table.read("cipher_suites", tls.cipher_suites);
  table.read("curve_preferences", tls.curve_preferences);
  table.read("min_version", tls.min_version);
  table.read("max_version", tls.max_version);
  table.read("prefer_server_cipher_suites", tls.prefer_server_cipher_suites);
  table.done();
  // As in Prometheus, a section that names no certificate leaves TLS off.
  const bool has_cert = !tls.cert.empty() || !tls.cert_file.empty();
  const bool has_key = !tls.key.empty() || !tls.key_file.empty();
  web.has_tls = has_cert || has_key || !tls.client_ca_file.empty() || !tls.client_ca.empty() ||
                !tls.client_auth_type.empty();
  if (!web.has_tls) return;
  check_pair(table, "cert", !tls.cert.empty(), !tls.cert_file.empty());
  check_pair(table, "key", !tls.key.empty(), !tls.key_file.empty());
  check_words(table, tls);
  check_clients(table, tls);
  if (!table.diagnostics().errors().empty()) return;
  const Status usable = net::check_web(web);
  if (!usable.ok()) table.error("", usable.message());
}

// The headers that exporter-toolkit lets set, in the spelling of HTTP, with the values they may
// have (none listed: any).
struct HeaderRule {
  std::string_view name;
  std::array<std::string_view, 2> values;
};
constexpr HeaderRule kHeaderRules[] = {{"Content-Security-Policy", {}},
                                       {"Strict-Transport-Security", {}},
                                       {"X-Content-Type-Options", {"nosniff", ""}},
                                       {"X-Frame-Options", {"deny", "sameorigin"}},
                                       {"X-XSS-Protection", {}}};

void check_header(TableReader& table, const Part& part, const std::string& name,
                  const std::string& value) {
  const auto rule = std::ranges::find(kHeaderRules, name, &HeaderRule::name);
  if (rule == std::end(kHeaderRules)) {
    std::vector<std::string_view> names;
    for (const HeaderRule& each : kHeaderRules) names.push_back(each.name);
    const std::string_view near = document::nearest(name, names);
    return table.diagnostics().key_error(
        part, "HTTP header \"" + name + "\" can not be configured",
        near.empty() ? "" : "did you mean \"" + std::string(near) + "\"?");
  }
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
    return table.diagnostics().error(part, "a header is one line");
  }
  if (rule->values[0].empty() || value.empty()) return;
  std::string lower = value;
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  if (std::ranges::find(rule->values, lower) != rule->values.end()) return;
  std::string expected(rule->values[0]);
  if (!rule->values[1].empty()) expected += ", " + std::string(rule->values[1]);
  table.diagnostics().error(
      part, "invalid value for " + name + ": \"" + value + "\"; expected one of: " + expected);
}

void read_http_server(TableReader& parent, net::WebOptions& web) {
  TableReader table = parent.table("http_server_config");
  if (!table.present()) return;
  table.read("http2", web.http2);
  TableReader headers = table.table("headers");
  for (const Part& part : headers.others()) {
    const std::string name(view(part.entry->key));
    std::string value;
    headers.read(view(part.entry->key), value);
    check_header(headers, part, name, value);
    if (!value.empty()) web.headers[name] = std::move(value);
  }
  table.done();
}

void read_users(TableReader& parent, net::WebOptions& web) {
  TableReader table = parent.table("basic_auth_users");
  if (!table.present()) return;
  for (const Part& part : table.others()) {
    const std::string name(view(part.entry->key));
    net::Secret hash;
    table.read(view(part.entry->key), hash);
    // A value that is no hash may be the password itself: it is not repeated.
    const Status good = net::check_bcrypt_hash(hash.reveal());
    if (!good.ok()) {
      document::Finding finding = part.document->finding(
          part.value, "the password of \"" + name + "\" is " + good.message(),
          "htpasswd -nBC 10 \"\" makes one");
      finding.line_text.clear();
      table.diagnostics().errors().push_back(std::move(finding));
    }
    web.users[name] = std::move(hash);
  }
}

}  // namespace

void read_web(TableReader& table, net::WebOptions& web) {
  read_http_server(table, web);
  read_users(table, web);
  read_tls_server(table, web);
}

bool load_web_file(const std::string& file, net::WebOptions& web,
                   std::vector<document::Finding>& findings,
                   std::vector<document::Finding>& warnings, const Environment& environment) {
  std::vector<document::Finding> errors;
  Diagnostics diagnostics(errors, warnings);
  if (const DocumentRef document = read_file(file, environment, diagnostics)) {
    TableReader root(diagnostics, {{document, &document->root(), nullptr}},
                     "the web configuration");
    read_web(root, web);
    root.done();
  }
  const bool good = errors.empty();
  findings.insert(findings.end(), errors.begin(), errors.end());
  return good;
}

}  // namespace narthex::config
