// SPDX-License-Identifier: Apache-2.0
#include "net/server_tls.hpp"

#include "net/tls_context.hpp"
#include "net/tls_transport.hpp"

#include <utility>

namespace narthex::net {

// One generation of the settings; connections keep the one they began with.
class ServerTls::Context {
 public:
  explicit Context(TlsContext context) : context_(std::move(context)) {}
  SSL_CTX* get() const { return context_.get(); }

 private:
  TlsContext context_;
};

ServerTls::ServerTls(const ServerTlsOptions& options)
    : options_(options),
      cert_file_(options.cert_file),
      key_file_(options.key_file),
      client_ca_file_(options.client_ca_file) {}

Result<std::shared_ptr<ServerTls>> ServerTls::make(const ServerTlsOptions& options) {
  std::shared_ptr<ServerTls> server(new ServerTls(options));
  const Status loaded = server->refresh();
  if (!loaded.ok()) return loaded;
  return server;
}

Result<ServerTls::Material> ServerTls::read() {
  Material material{options_.cert, options_.key.reveal(), options_.client_ca};
  const auto add = [](WatchedFile& file, std::string_view key, std::string& text) {
    if (file.path().empty()) return Status();
    Result<std::string> content = file.read();
    if (!content.ok()) return content.status().with_prefix(key);
    text = *std::move(content);
    return Status();
  };
  Status status = add(cert_file_, "cert_file", material.cert);
  if (status.ok()) status = add(key_file_, "key_file", material.key);
  if (status.ok()) status = add(client_ca_file_, "client_ca_file", material.client_ca);
  if (!status.ok()) return status;
  return material;
}

Status ServerTls::refresh() {
  Result<Material> material = read();
  if (!material.ok()) return material.status();
  if (context_ != nullptr && *material == material_) return {};
  Result<TlsContext> made =
      make_tls_context(options_, material->cert, material->key, material->client_ca);
  if (!made.ok()) return made.status();
  if (context_ != nullptr) log_.info("the server has new TLS certificates", {});
  context_ = std::make_shared<Context>(*std::move(made));
  material_ = *std::move(material);
  return {};
}

std::unique_ptr<Transport> ServerTls::accept(int descriptor) {
  const Status fresh = refresh();
  const std::string error = fresh.ok() ? std::string() : fresh.message();
  if (error != last_error_ && !error.empty()) {
    log_.error("new TLS certificates cannot be used, the old ones stay", {{"err", error}});
  }
  last_error_ = error;
  return make_tls_transport(context_->get(), descriptor);
}

}  // namespace narthex::net
