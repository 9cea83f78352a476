// SPDX-License-Identifier: Apache-2.0
#include "net/curl_transfer.hpp"

#include "net/curl_engine.hpp"
#include "net/failure_text.hpp"
#include "net/request_head.hpp"
#include "net/status_text.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace narthex::net {
namespace {

constexpr const char* kBodyLimit = "body size limit exceeded";
constexpr const char* kHeaderLimit =
    "net/http: server response headers exceeded the limit; aborted";

long tls_minimum(std::string_view name) {
  if (name == "TLS10") return CURL_SSLVERSION_TLSv1_0;
  if (name == "TLS11") return CURL_SSLVERSION_TLSv1_1;
  if (name == "TLS13") return CURL_SSLVERSION_TLSv1_3;
  return CURL_SSLVERSION_TLSv1_2;
}

long tls_maximum(std::string_view name) {
  if (name == "TLS10") return CURL_SSLVERSION_MAX_TLSv1_0;
  if (name == "TLS11") return CURL_SSLVERSION_MAX_TLSv1_1;
  if (name == "TLS12") return CURL_SSLVERSION_MAX_TLSv1_2;
  return CURL_SSLVERSION_MAX_DEFAULT;
}

// "http://user:pw@proxy:3128" -> "proxy:3128"
std::string place_of(const std::string& url) {
  const auto parsed = parse_url(url);
  return parsed.ok() ? parsed->host + ":" + std::to_string(parsed->port) : "proxy";
}

}  // namespace

CurlTransfer::CurlTransfer(std::weak_ptr<CurlEngine> engine, const CurlLibrary& curl, Hop hop,
                           HopDone done)
    : engine_(std::move(engine)), curl_(curl), hop_(std::move(hop)), done_(std::move(done)) {}

CurlTransfer::~CurlTransfer() {
  if (handle_ != nullptr) curl_.easy_cleanup(handle_);
  for (curl_slist* list : {headers_, proxy_headers_, resolve_, connect_to_}) {
    curl_.slist_free_all(list);
  }
}

void CurlTransfer::abandon() {
  abandoned_ = true;
  if (const auto engine = engine_.lock()) engine->wake();
}

CURL* CurlTransfer::prepare(std::int64_t now_ns) {
  handle_ = curl_.easy_init();
  if (handle_ == nullptr) return nullptr;
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION,
      static_cast<long>(hop_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  const std::int64_t left_ms = std::max<std::int64_t>(1, (hop_.deadline_ns - now_ns) / 1'000'000);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(left_ms));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(left_ms));
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::header_callback);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::body_callback);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::open_callback);
  set_request();
  set_tls();
  set_proxy();
  if (!resolve_line_.empty()) {
    resolve_ = curl_.slist_append(nullptr, resolve_line_.c_str());
    set(CURLOPT_RESOLVE, resolve_);
  }
  return handle_;
}

void CurlTransfer::add_header(const std::string& line) {
  headers_ = curl_.slist_append(headers_, line.c_str());
}

void CurlTransfer::set_request() {
  std::string authority = hop_.url.authority;
  const std::string& name = hop_.tls->server_name;
  if (hop_.url.scheme == "https" && !name.empty()) {
    // libcurl verifies and announces the name in the URL: that is server_name, while the connection
    // goes to the real place and the Host header says the real name.
    const std::string port = std::to_string(hop_.url.port);
    const std::string host =
        hop_.url.host.find(':') != std::string::npos ? "[" + hop_.url.host + "]" : hop_.url.host;
    authority = name + ":" + port;
    connect_to_ = curl_.slist_append(nullptr, (authority + ":" + host + ":" + port).c_str());
    set(CURLOPT_CONNECT_TO, connect_to_);
    add_header("Host: " + hop_.url.authority);
  }
  set(CURLOPT_URL, (hop_.url.scheme + "://" + authority + hop_.url.target).c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  for (const auto& [key, value] : hop_.headers) {
    // libcurl drops a header without a value unless it ends with a semicolon.
    add_header(value.empty() ? key + ";" : key + ": " + value);
  }
  // What libcurl would add by itself.
  for (const char* extra : {"Accept", "Content-Type", "Expect", "User-Agent"}) {
    if (!has_header(hop_.headers, lower(extra))) add_header(std::string(extra) + ":");
  }
  set(CURLOPT_HTTPHEADER, headers_);
  if (hop_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (!hop_.body.empty() || hop_.method == "POST" || hop_.method == "PUT") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, hop_.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(hop_.body.size()));
  }
  if (hop_.method != "HEAD") set(CURLOPT_CUSTOMREQUEST, hop_.method.c_str());
}

void CurlTransfer::set_blob(CURLoption option, const std::string& text) {
  if (text.empty()) return;
  curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
  set(option, &blob);
}

void CurlTransfer::set_tls() {
  const TlsMaterial& tls = *hop_.tls;
  set(CURLOPT_SSLVERSION, tls_minimum(tls.min_version) | tls_maximum(tls.max_version));
  if (tls.insecure_skip_verify) {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!tls.ca.empty()) {
    // Trust these and no others.
    set(CURLOPT_CAINFO, static_cast<char*>(nullptr));
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
    set_blob(CURLOPT_CAINFO_BLOB, tls.ca);
  }
  set_blob(CURLOPT_SSLCERT_BLOB, tls.cert);
  set_blob(CURLOPT_SSLKEY_BLOB, tls.key);
}

void CurlTransfer::set_proxy() {
  // Empty: none, whatever the environment says. The rules were applied before.
  set(CURLOPT_PROXY, hop_.proxy.url.c_str());
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  for (const auto& [key, value] : hop_.proxy.connect_headers) {
    proxy_headers_ = curl_.slist_append(proxy_headers_, (key + ": " + value).c_str());
  }
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  set(CURLOPT_PROXYHEADER, proxy_headers_);
}

// ---- what comes back ----

std::size_t CurlTransfer::header_callback(char* bytes, std::size_t size, std::size_t count,
                                          void* self) {
  return static_cast<CurlTransfer*>(self)->on_header({bytes, size * count});
}

std::size_t CurlTransfer::body_callback(char* bytes, std::size_t size, std::size_t count,
                                        void* self) {
  return static_cast<CurlTransfer*>(self)->on_body({bytes, size * count});
}

// libcurl's own way does not close it by exec.
curl_socket_t CurlTransfer::open_callback(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Returning another number than the size ends the transfer.
std::size_t CurlTransfer::on_header(std::string_view line) {
  const std::size_t taken = line.size();
  header_bytes_ += taken;
  if (header_bytes_ > hop_.header_max_bytes) {
    limit_hit_ = kHeaderLimit;
    return 0;
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    response_.headers.clear();
    response_.status_line = trim_blanks(line.substr(std::min(line.find(' '), line.size())));
    head_complete_ = false;
  } else if (line.empty()) {
    head_complete_ = true;
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    response_.headers.emplace_back(lower(line.substr(0, colon)),
                                   trim_blanks(line.substr(colon + 1)));
  }
  return taken;
}

std::size_t CurlTransfer::on_body(std::string_view bytes) {
  if (bytes.size() > hop_.body_max_bytes - response_.body.size()) {
    limit_hit_ = kBodyLimit;
    return 0;
  }
  response_.body.append(bytes);
  return bytes.size();
}

HopOutcome CurlTransfer::outcome(CURLcode code) {
  HopOutcome result;
  result.in_body = head_complete_;
  if (code != CURLE_OK) {
    result.failure = failure(code);
    return result;
  }
  long status = 0;
  curl_.easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  result.response = std::move(response_);
  result.response.status = static_cast<int>(status);
  // HTTP/2 has no words of its own.
  if (result.response.status_line.size() <= 4) {
    result.response.status_line =
        std::to_string(status) + " " + std::string(status_text(static_cast<int>(status)));
  }
  return result;
}

Status CurlTransfer::dial_failure_of(CURLcode code) const {
  const bool proxied = !hop_.proxy.url.empty();
  const std::string prefix = proxied ? "proxyconnect tcp: " : "";
  if (code == CURLE_COULDNT_RESOLVE_HOST) {
    return unavailable("dial tcp: lookup " + hop_.url.host + ": no such host");
  }
  if (code == CURLE_COULDNT_RESOLVE_PROXY) {
    return unavailable(prefix + "dial tcp: lookup of the proxy: no such host");
  }
  long error = 0;
  curl_.easy_getinfo(handle_, CURLINFO_OS_ERRNO, &error);
  const std::string place =
      proxied ? place_of(hop_.proxy.url) : hop_.url.host + ":" + std::to_string(hop_.url.port);
  const Status dialled = dial_failure(place, error != 0 ? static_cast<int>(error) : ECONNREFUSED);
  return unavailable(prefix + dialled.message());
}

Status CurlTransfer::failure(CURLcode code) const {
  if (limit_hit_ != nullptr) return {NX_ERR_EXHAUSTED, limit_hit_};
  const std::string detail = error_[0] != '\0' ? error_ : curl_.easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return deadline_failure();
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return dial_failure_of(code);
    case CURLE_PEER_FAILED_VERIFICATION:
      return unavailable("tls: failed to verify certificate: " + detail);
    case CURLE_SSL_CONNECT_ERROR:
      if (detail.find("wrong version number") != std::string::npos) {
        return unavailable("http: server gave HTTP response to HTTPS client");
      }
      return unavailable("tls: " + detail);
    case CURLE_GOT_NOTHING:
      return unavailable("EOF");
    case CURLE_PARTIAL_FILE:
      return unavailable("unexpected EOF");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return invalid_argument(detail);
    default:
      return unavailable(detail);
  }
}

}  // namespace narthex::net
