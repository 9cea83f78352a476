// SPDX-License-Identifier: Apache-2.0
#include "cli/server_call.hpp"

#include "cli/cli.hpp"
#include "config/http_client.hpp"
#include "net/client.hpp"
#include "runtime/asio_executor.hpp"

#include <cstdio>
#include <vector>

namespace narthex::cli {

namespace {

void append_encoded(std::string& out, std::string_view text) {
  static constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += "0123456789ABCDEF"[byte >> 4];
    out += "0123456789ABCDEF"[byte & 15];
  }
}

net::FetchRequest request_of(const ServerOptions& server, const std::string& method,
                             const std::string& path, const net::Params& params) {
  net::FetchRequest request;
  request.method = method;
  request.url = server.url;
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url += path;
  request.timeout_ms = server.timeout_ms;
  const std::string form = encode_form(params);
  if (method == "GET" && !form.empty()) {
    request.url += '?' + form;
  } else if (method == "POST") {
    request.body = form;
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  }
  return request;
}

}  // namespace

std::string encode_form(const net::Params& params) {
  std::string out;
  for (const auto& [name, value] : params) {
    if (!out.empty()) out += '&';
    append_encoded(out, name);
    out += '=';
    append_encoded(out, value);
  }
  return out;
}

Result<net::ClientOptions> client_options(const ServerOptions& server) {
  net::ClientOptions client;
  std::vector<document::Finding> findings;
  if (!server.client_file.empty() &&
      !config::load_client_file(server.client_file, client, findings)) {
    return invalid_config(document::render(findings));
  }
  if (!server.ca_file.empty()) {
    client.tls.ca.clear();
    client.tls.ca_file = server.ca_file;
  }
  return client;
}

ServerAnswer call_server(const ServerOptions& server, const std::string& method,
                         const std::string& path, const net::Params& params) {
  runtime::AsioExecutor executor{runtime::ExecutorOptions{}};
  net::ClientFactory factory(executor, "Narthex/" NARTHEX_VERSION);
  ServerAnswer answer;
  const auto failed = [&](const Status& status) {
    std::fprintf(stderr, "narthex: cannot reach %s: %s\n", server.url.c_str(),
                 status.message().c_str());
    answer.exit_code = kNoConnection;
    return answer;
  };
  const Result<net::ClientOptions> options = client_options(server);
  if (!options.ok()) {
    std::fprintf(stderr, "narthex: %s\n", options.status().message().c_str());
    answer.exit_code = kUsage;
    return answer;
  }
  Result<std::shared_ptr<net::Client>> client = factory.make(*options);
  if (!client.ok()) return failed(client.status());
  Result<net::FetchResponse> got = (*client)->fetch_now(request_of(server, method, path, params));
  if (!got.ok()) return failed(got.status());
  answer.status = got->status;
  answer.body = got->body.text();
  return answer;
}

}  // namespace narthex::cli
