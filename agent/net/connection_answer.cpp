// SPDX-License-Identifier: Apache-2.0
// Connection from an answer to the next request.
#include "net/connection_parts.hpp"
#include "net/front.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace narthex::net {
namespace {

using boost::system::error_code;

constexpr std::int64_t kWriteStall = 30 * kSecond;

}  // namespace

void Connection::answer(Answer answer) {
  if (state_ == State::kClosed) {
    if (answer.pipe != nullptr) answer.pipe->break_off();
    return;
  }
  direct_.reset();
  state_ = State::kWriting;
  if (answer.counted) route_.reset();
  close_after_ = close_after_ || answer.close;
  outgoing_ = std::make_unique<Outgoing>(std::move(answer));
  outgoing_->head_left = outgoing_->answer.head.size();
  outgoing_->body_left = outgoing_->answer.body.size();
  outgoing_->body_bytes = outgoing_->body_left;
  outgoing_->ended = outgoing_->answer.pipe == nullptr;
  if (outgoing_->ended) count_answer();
  flush();
}

void Connection::on_pipe() {
  if (state_ == State::kWriting && !writing_) flush();
}

// Writes until the socket is full or there is nothing to write.
void Connection::flush() {
  for (;;) {
    while (outgoing_->head_left + outgoing_->body_left != 0) {
      if (!write_some()) return;
    }
    if (outgoing_->ended) return finish_answer();
    Answer& answer = outgoing_->answer;
    BodyPipe::Piece piece = answer.pipe->take();
    if (piece.failed) return close();
    if (answer.refill && !piece.ended && answer.pipe->half_empty()) answer.refill();
    outgoing_->ended = piece.ended;
    answer.body = std::move(piece.bytes);
    outgoing_->body_left = answer.body.size();
    outgoing_->body_bytes += answer.body.size();
    outgoing_->from_pipe = true;
    if (answer.body.empty() && !piece.ended) {
      set_deadline(kNever);
      return wait_readable();
    }
  }
}

// False when the socket is full or gone.
bool Connection::write_some() {
  Outgoing& out = *outgoing_;
  std::array<iovec, 2> parts;
  std::size_t count = 0;
  const auto add = [&](std::string& bytes, std::size_t left) {
    if (left != 0) parts[count++] = {bytes.data() + bytes.size() - left, left};
  };
  add(out.answer.head, out.head_left);
  add(out.answer.body, out.body_left);
  const IoResult result = transport_->write({parts.data(), count});
  if (result.state == IoResult::State::kNeedsWritable ||
      result.state == IoResult::State::kNeedsReadable) {
    wait_to_write(result.state == IoResult::State::kNeedsWritable ? WaitType::wait_write
                                                                  : WaitType::wait_read);
    return false;
  }
  if (result.state != IoResult::State::kDone) {
    close();
    return false;
  }
  const std::size_t of_head = std::min(out.head_left, result.bytes);
  out.head_left -= of_head;
  out.body_left -= result.bytes - of_head;
  if (out.from_pipe) out.answer.pipe->written(result.bytes - of_head);
  return true;
}

void Connection::wait_to_write(WaitType type) {
  // Set anew at each stop, so it measures the time without any progress.
  set_deadline(front_->now_ns() + kWriteStall);
  if (!writing_) {
    writing_ = true;
    socket_.async_wait(type, [self = shared_from_this()](error_code error) {
      self->writing_ = false;
      if (!error && self->state_ == State::kWriting) self->flush();
    });
  }
  wait_readable();
}

// A whole answer counts before it is sent, so that who has it also finds it counted.
void Connection::count_answer() {
  if (route_ == nullptr) return;
  const double seconds = static_cast<double>(front_->now_ns() - started_ns_) * 1e-9;
  route_->metrics().count(outgoing_->answer.status, seconds, outgoing_->body_bytes);
  route_.reset();
}

// Finds out whether the handler's thread has written the answer; if so, goes on behind it. If not,
// it will come by the strand.
bool Connection::settle() {
  if (direct_ == nullptr) return false;
  const bool given = direct_->take_back();
  direct_.reset();
  if (!given) return false;
  route_.reset();  // counted
  finish_answer();
  return true;
}

void Connection::finish_answer() {
  count_answer();
  outgoing_.reset();
  cancellation_.reset();
  if (close_after_) return linger();
  park();
  if (!consuming_ && !unread_.empty()) consume_unread();
}

void Connection::park() {
  state_ = State::kHead;
  scanned_ = 0;
  head_begun_ = false;
  if (unread_.empty()) unread_ = std::string();
  set_deadline(front_->now_ns() + front_->options().read_timeout_ms * kMillisecond);
  wait_readable();
}

}  // namespace narthex::net
