// SPDX-License-Identifier: Apache-2.0
#include "net/tls_context.hpp"

#include "net/tls_text.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::net {
namespace {

template <auto F>
struct Free {
  template <class T>
  void operator()(T* object) const {
    F(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;

// The reason of OpenSSL's last failure; forgets all of them.
std::string reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* text = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return text != nullptr ? text : "unknown reason";
}

Status failed(const std::string& what) { return invalid_argument(what + ": " + reason()); }

Bio bio_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// OpenSSL would ask on the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

Result<std::vector<Certificate>> read_certificates(const std::string& pem, const char* what) {
  std::vector<Certificate> all;
  const Bio bio = bio_of(pem);
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr)) {
    all.emplace_back(next);
  }
  const unsigned long code = ERR_peek_last_error();
  if (ERR_GET_REASON(code) != PEM_R_NO_START_LINE) return failed(what);
  ERR_clear_error();
  if (all.empty()) return invalid_argument(std::string(what) + ": there is no PEM certificate");
  return all;
}

Status use_identity(SSL_CTX* context, const std::string& cert, const std::string& pem_key) {
  auto chain = read_certificates(cert, "the server's certificate");
  if (!chain.ok()) return chain.status();
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1) {
    return failed("the server's certificate");
  }
  for (std::size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) != 1) {
      return failed("the chain of the server's certificate");
    }
  }
  const Bio bio = bio_of(pem_key);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (key == nullptr) return failed("the server's key");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return failed("the server's key is not that of its certificate");
  }
  return {};
}

Status use_protocol(SSL_CTX* context, const ServerTlsOptions& options) {
  int lowest = tls_version(options.min_version);
  const int highest = tls_version(options.max_version);
  std::string suites;
  for (const std::string& name : options.cipher_suites) {
    const std::string_view known = cipher_name(name);
    if (known != "TLS13") suites += (suites.empty() ? "" : ":") + std::string(known);
  }
  // Only suites of TLS 1.3 are wanted: nothing older can work.
  if (suites.empty() && !options.cipher_suites.empty()) lowest = TLS1_3_VERSION;
  if (lowest > highest) return invalid_argument("min_version is above max_version");
  // OpenSSL's level 2 knows nothing below TLS 1.2; who asks for that gets it.
  if (lowest < TLS1_2_VERSION) SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, lowest);
  SSL_CTX_set_max_proto_version(context, highest);
  if (suites.empty()) {
    suites = "ECDHE+AESGCM:ECDHE+CHACHA20";
    if (lowest < TLS1_2_VERSION) suites += ":ECDHE+AES";
  }
  if (SSL_CTX_set_cipher_list(context, suites.c_str()) != 1) return failed("cipher_suites");
  std::string curves;
  for (const std::string& name : options.curve_preferences) {
    curves += (curves.empty() ? "" : ":") + std::string(curve_name(name));
  }
  if (!curves.empty() && SSL_CTX_set1_groups_list(context, curves.data()) != 1) {
    return failed("curve_preferences");
  }
  return {};
}

// ---- client certificates ----

// What a context needs to judge them. Freed with the context.
struct ClientRule {
  bool verify = false;
  std::vector<std::string> sans;
};

std::string san_text(const GENERAL_NAME& name) {
  const auto text = [](const ASN1_STRING* string) {
    return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                       static_cast<std::size_t>(ASN1_STRING_length(string)));
  };
  switch (name.type) {
    case GEN_DNS:
      return text(name.d.dNSName);
    case GEN_EMAIL:
      return text(name.d.rfc822Name);
    case GEN_URI:
      return text(name.d.uniformResourceIdentifier);
    case GEN_IPADD: {
      const std::string bytes = text(name.d.iPAddress);
      char shown[INET6_ADDRSTRLEN] = {};
      const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
      if (bytes.size() != 4 && bytes.size() != 16) return {};
      return inet_ntop(family, bytes.data(), shown, sizeof shown) != nullptr ? shown : "";
    }
    default:
      return {};
  }
}

bool has_allowed_san(X509* certificate, const std::vector<std::string>& allowed) {
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string text = san_text(*sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty() && std::ranges::find(allowed, text) != allowed.end()) return true;
  }
  return false;
}

int judge_client(X509_STORE_CTX* store, void* argument) {
  const auto& rule = *static_cast<const ClientRule*>(argument);
  if (rule.verify && X509_verify_cert(store) != 1) return 0;
  if (rule.sans.empty() || has_allowed_san(X509_STORE_CTX_get0_cert(store), rule.sans)) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

int rule_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* rule, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<ClientRule*>(rule);
      });
  return index;
}

Status use_client_rule(SSL_CTX* context, const ServerTlsOptions& options,
                       const std::string& client_ca) {
  const std::string& type = options.client_auth_type;
  if (type.empty() || type == "NoClientCert") return {};
  auto rule = std::make_unique<ClientRule>();
  rule->verify = type == "VerifyClientCertIfGiven" || type == "RequireAndVerifyClientCert";
  rule->sans = options.client_allowed_sans;
  if (!client_ca.empty()) {
    auto authorities = read_certificates(client_ca, "the client authorities");
    if (!authorities.ok()) return authorities.status();
    for (const Certificate& each : *authorities) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context), each.get());
      SSL_CTX_add_client_CA(context, each.get());
    }
  } else if (rule->verify && SSL_CTX_set_default_verify_paths(context) != 1) {
    return failed("the system's authorities");
  }
  const bool required = type != "RequestClientCert" && type != "VerifyClientCertIfGiven";
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  SSL_CTX_set_cert_verify_callback(context, judge_client, rule.get());
  SSL_CTX_set_ex_data(context, rule_index(), rule.release());
  return {};
}

// The server speaks HTTP/1.1 only, whatever else a client would like.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned int in_size, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11 - 1, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<TlsContext> make_tls_context(const ServerTlsOptions& options, const std::string& cert,
                                    const std::string& key, const std::string& client_ca) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return failed("OpenSSL has no context");
  Status status = use_protocol(context.get(), options);
  if (status.ok()) status = use_identity(context.get(), cert, key);
  if (status.ok()) status = use_client_rule(context.get(), options, client_ca);
  if (!status.ok()) return status;
  // A client that ends without a close_notify loses nothing: requests have lengths.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (options.prefer_server_cipher_suites) {
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  }
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  // Tickets resume sessions; a cache would only keep memory for each client ever seen.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  static constexpr unsigned char kId[] = "narthex";
  SSL_CTX_set_session_id_context(context.get(), kId, sizeof kId - 1);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  return context;
}

}  // namespace narthex::net
