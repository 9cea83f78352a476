// SPDX-License-Identifier: Apache-2.0
// tls_text.hpp - the words of TLS settings, as Go and the IANA name them, for OpenSSL. Pure.
#pragma once

#include <string>
#include <string_view>

namespace narthex::net {

// "TLS12" -> TLS1_2_VERSION; 0: unknown.
int tls_version(std::string_view name);
// "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" -> OpenSSL's name of it; empty: not one that is offered.
// Suites of TLS 1.3 are known and cannot be chosen: "TLS13".
std::string_view cipher_name(std::string_view iana_name);
// "CurveP256" -> "P-256"; empty: unknown.
std::string_view curve_name(std::string_view name);
// Whether it is one of the client_auth_type words; empty is.
bool is_client_auth(std::string_view name);

}  // namespace narthex::net
