// SPDX-License-Identifier: Apache-2.0
#include "net/credentials.hpp"

#include "net/request_head.hpp"

#include <algorithm>

namespace narthex::net {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

WatchedFile& file(std::map<std::string, WatchedFile>& files, const std::string& path) {
  return files.try_emplace(path, path).first->second;
}

// A secret with a line break would become a header of its own.
Status add_header(Params& headers, const std::string& name, std::string value) {
  if (value.find_first_of("\r\n") != std::string::npos || value.find('\0') != std::string::npos) {
    return invalid_argument("line break in the value of header " + name);
  }
  headers.emplace_back(name, std::move(value));
  return {};
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::string basic_authorization(std::string_view user, std::string_view password) {
  return "Basic " + base64(std::string(user).append(":").append(password));
}

bool is_secret_header(std::string_view name) {
  const std::string key = lower(name);
  return key == "authorization" || key == "cookie" || key == "cookie2" ||
         key == "www-authenticate" || key == "proxy-authorization";
}

Result<std::string> Credentials::read_trimmed(const std::string& path, std::string_view what) {
  auto text = file(files_, path).read();
  if (!text.ok()) return text.status().with_prefix("unable to read " + std::string(what));
  return trimmed(*text);
}

Status Credentials::add_basic(Params& headers) {
  const BasicAuthOptions& basic = options_.basic_auth;
  std::string user = basic.username;
  std::string password = basic.password.reveal();
  if (!basic.username_file.empty()) {
    auto text = read_trimmed(basic.username_file, "basic auth username");
    if (!text.ok()) return text.status();
    user = *std::move(text);
  }
  if (!basic.password_file.empty()) {
    auto text = read_trimmed(basic.password_file, "basic auth password");
    if (!text.ok()) return text.status();
    password = *std::move(text);
  }
  headers.emplace_back("Authorization", basic_authorization(user, password));
  return {};
}

Status Credentials::add_authorization(Params& headers) {
  const AuthorizationOptions& authorization = options_.authorization;
  std::string secret = authorization.credentials.reveal();
  if (!authorization.credentials_file.empty()) {
    auto text = read_trimmed(authorization.credentials_file, "authorization credentials");
    if (!text.ok()) return text.status();
    secret = *std::move(text);
  }
  return add_header(headers, "Authorization", authorization.type + " " + secret);
}

Status Credentials::add_configured(Params& headers) {
  for (const auto& [name, header] : options_.http_headers) {
    std::vector<std::string> values = header.values;
    for (const Secret& secret : header.secrets) values.push_back(secret.reveal());
    for (const std::string& path : header.files) {
      auto text = read_trimmed(path, "headers file " + path);
      if (!text.ok()) return text.status();
      values.push_back(*std::move(text));
    }
    for (std::string& value : values) {
      const Status status = add_header(headers, name, std::move(value));
      if (!status.ok()) return status;
    }
  }
  return {};
}

Status Credentials::apply(Params& headers) {
  if (!has_header(headers, "authorization")) {
    Status status;
    if (options_.has_basic_auth) status = add_basic(headers);
    if (options_.has_authorization) status = add_authorization(headers);
    if (!status.ok()) return status;
  }
  return add_configured(headers);
}

Result<std::string> Credentials::client_secret(const OAuth2Options& oauth2) {
  if (oauth2.client_secret_file.empty()) return oauth2.client_secret.reveal();
  return read_trimmed(oauth2.client_secret_file, "oauth2 client secret");
}

Status TlsSource::read(std::string_view what, const std::string& path, std::string& text) {
  if (path.empty()) return {};
  auto content = file(files_, path).read();
  if (!content.ok()) return content.status().with_prefix("unable to read " + std::string(what));
  text = *std::move(content);
  return {};
}

Result<std::shared_ptr<const TlsMaterial>> TlsSource::current() {
  auto next = std::make_shared<TlsMaterial>();
  next->ca = options_.ca;
  next->cert = options_.cert;
  next->key = options_.key.reveal();
  next->server_name = options_.server_name;
  next->insecure_skip_verify = options_.insecure_skip_verify;
  next->min_version = options_.min_version;
  next->max_version = options_.max_version;
  Status status = read("CA cert", options_.ca_file, next->ca);
  if (status.ok()) status = read("client cert", options_.cert_file, next->cert);
  if (status.ok()) status = read("client key", options_.key_file, next->key);
  if (!status.ok()) return status;
  const bool same = material_ != nullptr && material_->ca == next->ca &&
                    material_->cert == next->cert && material_->key == next->key;
  if (!same) material_ = std::move(next);
  return material_;
}

}  // namespace narthex::net
