// SPDX-License-Identifier: Apache-2.0
// open_socket.hpp - opens an Asio socket or acceptor that exec closes: what Asio opens itself, a
// program that anybody here starts would inherit, and keep a port or a connection in use.
#pragma once

#include <boost/system/error_code.hpp>

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace narthex::net {

template <class Socket>
void open_socket(Socket& socket, const typename Socket::protocol_type& protocol,
                 boost::system::error_code& error) {
  const int descriptor =
      ::socket(protocol.family(), protocol.type() | SOCK_CLOEXEC, protocol.protocol());
  if (descriptor < 0) {
    error.assign(errno, boost::system::system_category());
    return;
  }
  socket.assign(protocol, descriptor, error);
  if (error) ::close(descriptor);
}

}  // namespace narthex::net
