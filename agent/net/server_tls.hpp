// SPDX-License-Identifier: Apache-2.0
// server_tls.hpp - the TLS side of the server: certificates, versions, client certificates.
//
// Certificate, key and client authorities are looked at whenever a client comes, and read again
// when their files changed. What cannot be used (a certificate that is half written, a key that is
// another's) leaves the last good ones in force and is logged once. OpenSSL shows in the .cpp only.
// Not thread-safe: lives on the strand of the server.
#pragma once

#include "net/options.hpp"
#include "net/transport.hpp"
#include "net/watched_file.hpp"
#include "telemetry/log.hpp"

#include <narthex/sdk/result.hpp>

#include <memory>
#include <string>

namespace narthex::net {

class ServerTls {
 public:
  // What is wrong with the options or their files, or a server that can take clients.
  static Result<std::shared_ptr<ServerTls>> make(const ServerTlsOptions& options);

  // The transport of a client that was just accepted; its handshake happens while it is read from.
  // Null when there is no memory.
  std::unique_ptr<Transport> accept(int descriptor);

  const ServerTlsOptions& options() const { return options_; }

 private:
  struct Material {
    std::string cert, key, client_ca;
    friend bool operator==(const Material&, const Material&) = default;
  };
  class Context;

  explicit ServerTls(const ServerTlsOptions& options);
  Result<Material> read();
  Status refresh();

  const ServerTlsOptions options_;
  WatchedFile cert_file_, key_file_, client_ca_file_;
  Material material_;       // what context_ was made of
  std::string last_error_;  // logged already
  std::shared_ptr<Context> context_;
  const telemetry::Log log_{"http"};
};

}  // namespace narthex::net
