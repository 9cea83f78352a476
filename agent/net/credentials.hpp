// SPDX-License-Identifier: Apache-2.0
// credentials.hpp - what a client's options put into each request: authentication, configured
// headers, TLS material. The *_file forms are read again when they changed. Not thread-safe.
#pragma once

#include "net/hop.hpp"
#include "net/http.hpp"
#include "net/options.hpp"
#include "net/watched_file.hpp"

#include <narthex/sdk/result.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace narthex::net {

class Credentials {
 public:
  explicit Credentials(const ClientOptions& options) : options_(options) {}
  // Adds Authorization, unless there is one, and the configured headers.
  Status apply(Params& headers);
  // The secret of OAuth 2.
  Result<std::string> client_secret(const OAuth2Options& oauth2);

 private:
  Result<std::string> read_trimmed(const std::string& path, std::string_view what);
  Status add_basic(Params& headers);
  Status add_authorization(Params& headers);
  Status add_configured(Params& headers);

  const ClientOptions options_;
  std::map<std::string, WatchedFile> files_;
};

class TlsSource {
 public:
  explicit TlsSource(const TlsOptions& options) : options_(options) {}
  // The same object as long as nothing changed.
  Result<std::shared_ptr<const TlsMaterial>> current();

 private:
  Status read(std::string_view what, const std::string& path, std::string& text);
  const TlsOptions options_;
  std::map<std::string, WatchedFile> files_;
  std::shared_ptr<const TlsMaterial> material_;
};

std::string base64(std::string_view bytes);
std::string basic_authorization(std::string_view user, std::string_view password);
// Whether a header must not follow to another host.
bool is_secret_header(std::string_view name);

}  // namespace narthex::net
