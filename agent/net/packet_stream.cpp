// SPDX-License-Identifier: Apache-2.0
#include "net/packet_stream.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace narthex::net {
namespace {

// Reads before other connections get their turn.
constexpr int kStreamReadsInARow = 4;

}  // namespace

PacketStream::PacketStream(std::shared_ptr<PacketFront> front, Socket socket, std::string peer)
    : front_(std::move(front)),
      socket_(std::move(socket)),
      peer_(std::make_shared<const std::string>(std::move(peer))),
      splitter_(front_->options().line_bytes_max),
      last_heard_ns_(front_->now_ns()) {}

void PacketStream::wait() {
  if (closed_) return;
  if (!front_->has_room()) {
    front_->wait_for_room([self = shared_from_this()] { self->read_some(); });
    return;
  }
  socket_.async_wait(boost::asio::socket_base::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (!error) self->read_some();
                     });
}

void PacketStream::read_some() {
  for (int i = 0; i < kStreamReadsInARow && !closed_ && front_->has_room(); ++i) {
    if (read(front_->scratch().size()) != Heard::kSome) break;
  }
  wait();
}

PacketStream::Heard PacketStream::read(std::size_t bytes_max) {
  const std::span<char> into = front_->scratch();
  const ssize_t got =
      ::recv(socket_.native_handle(), into.data(), std::min(bytes_max, into.size()), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    return Heard::kNothing;
  }
  if (got <= 0) {
    end(got == 0);
    return Heard::kEnd;
  }
  last_heard_ns_ = front_->now_ns();
  last_read_ = static_cast<std::size_t>(got);
  front_->metrics().stream_bytes.add(static_cast<double>(got));
  std::string lines;
  const std::uint64_t overlong_before = splitter_.overlong_count();
  splitter_.feed({into.data(), last_read_}, lines);
  if (splitter_.overlong_count() != overlong_before) {
    front_->metrics().overlong_lines.add(
        static_cast<double>(splitter_.overlong_count() - overlong_before));
  }
  hand_over(std::move(lines));
  return Heard::kSome;
}

void PacketStream::hand_over(std::string lines) {
  if (!lines.empty()) front_->push(std::move(lines), peer_);
}

// Only what the kernel holds at this moment: a sender that never stops must not keep us.
void PacketStream::drain() {
  int held = 0;
  if (closed_ || ::ioctl(socket_.native_handle(), FIONREAD, &held) != 0) held = 0;
  for (auto left = static_cast<std::size_t>(std::max(held, 0)); left != 0 && !closed_;
       left -= std::min(left, last_read_)) {
    if (read(left) != Heard::kSome) break;
  }
  if (closed_) return;
  // A sender that has said everything gets its last line taken even without a line break.
  char next = 0;
  end(::recv(socket_.native_handle(), &next, 1, MSG_DONTWAIT | MSG_PEEK) == 0);
}

// After an orderly end the last line counts as whole, also without its line break. In a connection
// that broke it may be cut inside a number, which would be another value.
void PacketStream::end(bool orderly) {
  if (orderly) {
    hand_over(splitter_.take_rest());
  } else if (splitter_.rest_size() != 0) {
    front_->metrics().cut_lines.add();
  }
  close();
}

void PacketStream::close() {
  if (std::exchange(closed_, true)) return;
  boost::system::error_code ignored;
  socket_.close(ignored);
  front_->forget(*this);
}

}  // namespace narthex::net
