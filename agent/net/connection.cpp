// SPDX-License-Identifier: Apache-2.0
// Life of a connection and what it reads; connection_exchange.cpp goes on with a request,
// connection_answer.cpp with its answer.
#include "net/connection.hpp"

#include "net/connection_parts.hpp"
#include "net/front.hpp"

#include <algorithm>
#include <utility>

namespace narthex::net {
namespace {

using boost::system::error_code;

constexpr std::int64_t kLingerTime = 2 * kSecond;
constexpr std::uint64_t kLingerBytes = 16 << 20;
// Requests sent ahead of their turn wait in the kernel beyond this.
constexpr std::size_t kPipelineBytes = 64 << 10;
constexpr int kReadsInARow = 4;

}  // namespace

Connection::Connection(std::shared_ptr<Front> front, Socket socket,
                       std::unique_ptr<Transport> transport, boost::asio::ip::tcp::endpoint peer)
    : front_(std::move(front)),
      socket_(std::move(socket)),
      transport_(std::move(transport)),
      peer_(std::move(peer)),
      shaking_hands_(transport_->in_handshake()) {}

Connection::~Connection() {
  if (direct_ != nullptr) direct_->take_back();
}

void Connection::start() {
  park();
  if (shaking_hands_) {
    set_deadline(front_->now_ns() + front_->options().header_timeout_ms * kMillisecond);
  }
}

void Connection::turn_away() {
  if (!shaking_hands_) return refuse(503, "too many connections");
  // A handshake is more than this client is worth now.
  front_->refusals().count(503);
  close();
}

// ---- reading ----

bool Connection::wants_bytes() const {
  switch (state_) {
    case State::kHead:
    case State::kBody:
    case State::kLinger:
      return true;
    case State::kAuthorizing:
    case State::kHandling:
    case State::kWriting:
      return !peer_closed_ && unread_.size() < kPipelineBytes;
    case State::kClosed:
      return false;
  }
  return false;
}

void Connection::wait_readable() {
  if (reading_ || !wants_bytes()) return;
  if (!transport_->has_pending()) return wait_to_read(WaitType::wait_read);
  reading_ = true;
  front_->on_strand([self = shared_from_this()] {
    self->reading_ = false;
    if (self->state_ != State::kClosed) self->on_readable();
  });
}

void Connection::wait_to_read(WaitType type) {
  reading_ = true;
  socket_.async_wait(type, [self = shared_from_this()](error_code error) {
    self->reading_ = false;
    if (!error && self->state_ != State::kClosed) self->on_readable();
  });
}

void Connection::on_readable() {
  // What is read below is waited for below.
  reading_ = true;
  settle();
  reading_ = false;
  for (int i = 0; i < kReadsInARow && wants_bytes(); ++i) {
    const std::span<char> scratch = front_->scratch();
    const IoResult result = transport_->read(scratch);
    if (shaking_hands_) note_handshake();
    if (result.state == IoResult::State::kClosed) return on_peer_closed();
    if (result.state == IoResult::State::kFailed) return on_read_failed();
    if (result.state == IoResult::State::kNeedsWritable) return wait_to_read(WaitType::wait_write);
    if (result.state != IoResult::State::kDone) break;
    on_bytes({scratch.data(), result.bytes});
    if (result.bytes < scratch.size()) break;
  }
  wait_readable();
}

void Connection::on_read_failed() {
  if (shaking_hands_) front_->refusals().count_handshake_failure();
  close();
}

// A client whose handshake is done has the time of an idle one.
void Connection::note_handshake() {
  shaking_hands_ = transport_->in_handshake();
  if (!shaking_hands_) {
    set_deadline(front_->now_ns() + front_->options().read_timeout_ms * kMillisecond);
  }
}

void Connection::on_peer_closed() {
  if (shaking_hands_) front_->refusals().count_handshake_failure();
  peer_closed_ = true;
  // Whoever sent a whole request may only have closed its sending side: the answer is still
  // written, but nobody is worth a long computation any more.
  const bool in_work =
      state_ == State::kAuthorizing || state_ == State::kHandling || state_ == State::kWriting;
  if (!in_work || endless()) return close();
  close_after_ = true;
  if (cancellation_ != nullptr) cancellation_->cancel();
}

void Connection::on_bytes(std::string_view bytes) {
  if (state_ == State::kLinger) {
    dropped_ += bytes.size();
    if (dropped_ > kLingerBytes) close();
    return;
  }
  if (unread_.empty()) {
    unread_ = consume(bytes);
    return;
  }
  unread_.append(bytes);
  if (state_ == State::kHead || state_ == State::kBody) consume_unread();
}

void Connection::consume_unread() {
  const std::size_t left = consume(unread_).size();
  unread_.erase(0, unread_.size() - left);
  if (unread_.empty()) unread_ = {};
}

// Uses up bytes as far as the state allows and returns the rest.
std::string_view Connection::consume(std::string_view bytes) {
  consuming_ = true;
  while (!bytes.empty()) {
    std::size_t used = 0;
    if (state_ == State::kHead) {
      used = take_head(bytes);
    } else if (state_ == State::kBody) {
      used = take_body(bytes);
    } else {
      break;
    }
    bytes.remove_prefix(used);
    if (used == 0 && state_ == State::kHead) break;
  }
  consuming_ = false;
  if (state_ == State::kLinger || state_ == State::kClosed) bytes = {};
  return bytes;
}

// ---- the end ----

// Closing with unread bytes would reset the connection and may destroy the answer on its way. Where
// the request was read whole, there are none.
void Connection::linger() {
  transport_->finish_writing();
  if (peer_closed_ || (!refused_ && unread_.empty())) return close();
  state_ = State::kLinger;
  unread_ = std::string();
  set_deadline(front_->now_ns() + kLingerTime);
  wait_readable();
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  cancel();
  if (direct_ != nullptr) direct_->take_back();
  direct_.reset();
  if (outgoing_ != nullptr && outgoing_->answer.pipe != nullptr) {
    outgoing_->answer.pipe->break_off();
  }
  outgoing_.reset();
  incoming_.reset();
  error_code ignored;
  socket_.close(ignored);
  front_->forget(*this);
}

void Connection::cancel() {
  if (cancellation_ != nullptr) cancellation_->cancel();
}

bool Connection::endless() const { return outgoing_ != nullptr && outgoing_->answer.endless; }

void Connection::close_when_idle() {
  settle();
  if ((state_ == State::kHandling || state_ == State::kWriting) && !endless()) {
    close_after_ = true;
  } else if (state_ != State::kLinger) {
    close();
  }
}

void Connection::set_deadline(std::int64_t deadline_ns) {
  deadline_ns_ = deadline_ns;
  if (deadline_ns != kNever) front_->watch(deadline_ns);
}

void Connection::on_deadline(std::int64_t now_ns) {
  switch (state_) {
    case State::kHead:
      if (unread_.empty()) return close();
      return refuse(408, "the request head took too long");
    case State::kBody:
      return check_body_pace(now_ns);
    case State::kHandling:
      if (!settle()) set_deadline(kNever);
      return;
    default:
      return close();
  }
}

}  // namespace narthex::net
