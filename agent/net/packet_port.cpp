// SPDX-License-Identifier: Apache-2.0
#include "net/packet_port.hpp"

#include "net/listen_address.hpp"

#include <sys/socket.h>

#include <cstring>
#include <utility>

namespace narthex::net {
namespace {

// Datagrams before others get their turn, and at most when the server stops.
constexpr int kDatagramsInARow = 64;
constexpr int kDatagramsAtStop = 100'000;
// What the kernel may hold while we are busy; it gives less when net.core.rmem_max is lower.
constexpr int kKernelBufferBytes = 4 << 20;

}  // namespace

PacketPort::PacketPort(PacketFront& front, Socket socket)
    : front_(front), socket_(std::move(socket)) {
  const int on = 1;
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVBUF, &kKernelBufferBytes,
               sizeof kKernelBufferBytes);
}

void PacketPort::wait() {
  if (closed_) return;
  if (!front_.has_room()) {
    front_.wait_for_room([self = shared_from_this()] { self->read_some(); });
    return;
  }
  socket_.async_wait(boost::asio::socket_base::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (!error) self->read_some();
                     });
}

void PacketPort::read_some() {
  for (int i = 0; i < kDatagramsInARow && !closed_ && front_.has_room(); ++i) {
    if (!read()) break;
  }
  wait();
}

bool PacketPort::read() {
  boost::asio::ip::udp::endpoint peer;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(std::uint32_t))];
  iovec piece{front_.scratch().data(), front_.scratch().size()};
  msghdr message{};
  message.msg_name = peer.data();
  message.msg_namelen = static_cast<socklen_t>(peer.capacity());
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT);
  if (got < 0) return false;
  for (const cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
       c = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(c))) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL) continue;
    std::uint32_t total = 0;
    std::memcpy(&total, CMSG_DATA(c), sizeof total);
    note_drops(total);
  }
  front_.metrics().datagrams.add();
  front_.metrics().datagram_bytes.add(static_cast<double>(got));
  if (got == 0) return true;
  note_peer(peer);
  front_.push(std::string(front_.scratch().data(), static_cast<std::size_t>(got)), peer_);
  return true;
}

void PacketPort::note_peer(const boost::asio::ip::udp::endpoint& peer) {
  if (peer_ != nullptr && peer == last_peer_) return;
  last_peer_ = peer;
  peer_ = std::make_shared<const std::string>(listen_text(peer.address(), peer.port()));
}

// The kernel's count wraps around, and so does the difference.
void PacketPort::note_drops(std::uint32_t total) {
  const std::uint32_t more = total - std::exchange(drops_, total);
  if (more != 0) front_.metrics().dropped_datagrams.add(more);
}

void PacketPort::drain() {
  for (int i = 0; i < kDatagramsAtStop && !closed_ && read(); ++i) {
  }
  close();
}

void PacketPort::close() {
  if (std::exchange(closed_, true)) return;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace narthex::net
