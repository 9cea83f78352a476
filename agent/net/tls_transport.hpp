// SPDX-License-Identifier: Apache-2.0
// tls_transport.hpp - a server's TLS connection over a non-blocking socket. The handshake happens
// inside the first reads. Lives on the strand of its owner; does not own the descriptor.
#pragma once

#include "net/transport.hpp"

#include <openssl/ssl.h>

#include <memory>

namespace narthex::net {

// Null when OpenSSL has no memory.
std::unique_ptr<Transport> make_tls_transport(SSL_CTX* context, int descriptor);

}  // namespace narthex::net
