// SPDX-License-Identifier: Apache-2.0
// curl_transfer.hpp - one hop as a libcurl easy handle: options in, response out, failures in the
// words of the plain engine. Lives on the engine's thread; abandon() may come from the strand.
#pragma once

#include "net/curl_library.hpp"
#include "net/hop.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace narthex::net {

class CurlEngine;

class CurlTransfer final : public HopInFlight {
 public:
  CurlTransfer(std::weak_ptr<CurlEngine> engine, const CurlLibrary& curl, Hop hop, HopDone done);
  ~CurlTransfer() override;

  void abandon() override;
  bool abandoned() const { return abandoned_; }
  const Hop& hop() const { return hop_; }
  // "host:port:address,address" for libcurl, so that it looks nothing up itself.
  void set_addresses(std::string resolve_line) { resolve_line_ = std::move(resolve_line); }

  // Makes the handle. Nullptr when memory is out.
  CURL* prepare(std::int64_t now_ns);
  HopOutcome outcome(CURLcode code);
  HopDone take_done() { return std::move(done_); }

 private:
  void set_request();
  void set_tls();
  void set_proxy();
  void add_header(const std::string& line);
  void set_blob(CURLoption option, const std::string& text);
  Status failure(CURLcode code) const;
  Status dial_failure_of(CURLcode code) const;
  std::size_t on_header(std::string_view line);
  std::size_t on_body(std::string_view bytes);
  static curl_socket_t open_callback(void*, curlsocktype purpose, curl_sockaddr* address);
  static std::size_t header_callback(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t body_callback(char* bytes, std::size_t size, std::size_t count, void* self);

  template <class Value>
  void set(CURLoption option, Value value) {
    curl_.easy_setopt(handle_, option, value);
  }

  const std::weak_ptr<CurlEngine> engine_;
  const CurlLibrary curl_;
  const Hop hop_;
  HopDone done_;
  std::atomic<bool> abandoned_{false};
  CURL* handle_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* proxy_headers_ = nullptr;
  curl_slist* resolve_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::string resolve_line_;
  std::uint64_t header_bytes_ = 0;
  bool head_complete_ = false;
  const char* limit_hit_ = nullptr;
  HopResponse response_;
  char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace narthex::net
