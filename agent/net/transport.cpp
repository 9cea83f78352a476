// SPDX-License-Identifier: Apache-2.0
#include "net/transport.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace narthex::net {
namespace {

IoResult failure(IoResult::State when_blocked) {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {when_blocked, 0, 0};
  return {IoResult::State::kFailed, 0, errno};
}

}  // namespace

IoResult PlainTransport::read(std::span<char> into) {
  for (;;) {
    const ssize_t size = recv(descriptor_, into.data(), into.size(), 0);
    if (size > 0) return {IoResult::State::kDone, static_cast<std::size_t>(size), 0};
    if (size == 0) return {IoResult::State::kClosed, 0, 0};
    if (errno != EINTR) return failure(IoResult::State::kNeedsReadable);
  }
}

IoResult PlainTransport::write(std::span<const iovec> from) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());
  message.msg_iovlen = from.size();
  for (;;) {
    const ssize_t size = sendmsg(descriptor_, &message, MSG_NOSIGNAL);
    if (size >= 0) return {IoResult::State::kDone, static_cast<std::size_t>(size), 0};
    if (errno != EINTR) return failure(IoResult::State::kNeedsWritable);
  }
}

void PlainTransport::finish_writing() { shutdown(descriptor_, SHUT_WR); }

}  // namespace narthex::net
