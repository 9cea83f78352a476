// SPDX-License-Identifier: Apache-2.0
#include "net/listen_address.hpp"

#include <charconv>

namespace narthex::net {

namespace ip = boost::asio::ip;

Result<ListenAddress> parse_listen(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return invalid_config("listen address without a port: " + listen);
  std::string host = listen.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  ListenAddress parsed;
  const char* const end = listen.data() + listen.size();
  const auto [stop, error] = std::from_chars(listen.data() + colon + 1, end, parsed.port);
  if (error != std::errc() || stop != end) {
    return invalid_config("listen address without a valid port: " + listen);
  }
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code bad;
  parsed.address = host.empty() ? ip::address(ip::address_v6::any()) : ip::make_address(host, bad);
  if (bad) return invalid_config("listen address is not an IP address: " + listen);
  return parsed;
}

std::string listen_text(const ip::address& address, unsigned short port) {
  const std::string host = address.to_string();
  return (address.is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace narthex::net
