// SPDX-License-Identifier: Apache-2.0
// listen_address.hpp - addresses to listen on, from text and back. Pure.
#pragma once

#include <narthex/sdk/result.hpp>

#include <boost/asio/ip/address.hpp>

#include <string>

namespace narthex::net {

struct ListenAddress {
  boost::asio::ip::address address;
  unsigned short port = 0;  // 0: any
};

// "host:port", "[v6]:port", ":port" (all addresses of both families).
Result<ListenAddress> parse_listen(const std::string& listen);
// "127.0.0.1:9090", "[::1]:9090".
std::string listen_text(const boost::asio::ip::address& address, unsigned short port);

}  // namespace narthex::net
