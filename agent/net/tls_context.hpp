// SPDX-License-Identifier: Apache-2.0
// tls_context.hpp - makes OpenSSL's context of a server from options and PEM texts.
#pragma once

#include "net/options.hpp"

#include <narthex/sdk/result.hpp>

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace narthex::net {

struct FreeTlsContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTlsContext>;

// Texts are PEM: a chain that begins with the server's certificate, its key, authorities. The words
// of options must be known ones. Never asks for a pass phrase: an encrypted key is an error.
Result<TlsContext> make_tls_context(const ServerTlsOptions& options, const std::string& cert,
                                    const std::string& key, const std::string& client_ca);

}  // namespace narthex::net
