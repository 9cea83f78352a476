// SPDX-License-Identifier: Apache-2.0
#include "net/tls_text.hpp"

#include <openssl/ssl.h>

#include <utility>

namespace narthex::net {
namespace {

using Word = std::pair<std::string_view, std::string_view>;

// Those that Go's crypto/tls offers as safe.
constexpr Word kCiphers[] = {
    {"TLS_AES_128_GCM_SHA256", "TLS13"},
    {"TLS_AES_256_GCM_SHA384", "TLS13"},
    {"TLS_CHACHA20_POLY1305_SHA256", "TLS13"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
};
constexpr Word kCurves[] = {
    {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}};

template <std::size_t N>
std::string_view find(const Word (&words)[N], std::string_view name) {
  for (const auto& [key, value] : words) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

int tls_version(std::string_view name) {
  if (name == "TLS10") return TLS1_VERSION;
  if (name == "TLS11") return TLS1_1_VERSION;
  if (name == "TLS12") return TLS1_2_VERSION;
  if (name == "TLS13") return TLS1_3_VERSION;
  return 0;
}

std::string_view cipher_name(std::string_view iana_name) { return find(kCiphers, iana_name); }

std::string_view curve_name(std::string_view name) { return find(kCurves, name); }

bool is_client_auth(std::string_view name) {
  for (const std::string_view known :
       {"", "NoClientCert", "RequestClientCert", "RequireClientCert", "RequireAnyClientCert",
        "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"}) {
    if (name == known) return true;
  }
  return false;
}

}  // namespace narthex::net
