// SPDX-License-Identifier: Apache-2.0
#include "net/plain_hop.hpp"

#include "net/failure_text.hpp"
#include "net/open_socket.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

namespace narthex::net {
namespace {

using boost::system::error_code;
using WaitType = boost::asio::socket_base::wait_type;

// Reads in a row before others get their turn: 1 MiB.
constexpr int kReadsInARow = 16;

// What may be sent twice without harm.
bool repeatable(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

std::string endpoint_text(const boost::asio::ip::tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint.port());
}

}  // namespace

// ---- the connection ----

void PlainConnection::wait_readable() {
  if (std::exchange(reading_, true)) return;
  socket.async_wait(WaitType::wait_read, [self = shared_from_this()](error_code error) {
    self->reading_ = false;
    if (error) return;
    if (self->user != nullptr) {
      const auto hop = self->user->shared_from_this();
      return hop->on_readable();
    }
    // Idle: the server closed it, or talks out of turn.
    self->engine_->drop(*self);
    self->close();
  });
}

void PlainConnection::wait_writable() {
  socket.async_wait(WaitType::wait_write, [self = shared_from_this()](error_code error) {
    if (error || self->user == nullptr) return;
    const auto hop = self->user->shared_from_this();
    hop->on_writable();
  });
}

void PlainConnection::close() {
  user = nullptr;
  error_code ignored;
  socket.close(ignored);
}

// ---- the exchange ----

PlainHop::PlainHop(std::shared_ptr<PlainEngine> engine, Hop hop, HopDone done)
    : engine_(std::move(engine)),
      hop_(std::move(hop)),
      done_(std::move(done)),
      deadline_(engine_->strand()),
      dial_deadline_(engine_->strand()),
      key_(hop_.url.host + ":" + std::to_string(hop_.url.port)),
      head_(request_head()) {}

void PlainHop::start() {
  arm_deadline();
  if (auto idle = engine_->take_idle(key_)) {
    reused_ = true;
    return use(std::move(idle));
  }
  resolve();
}

void PlainHop::arm_deadline() {
  deadline_.expires_after(
      std::chrono::nanoseconds(std::max<std::int64_t>(0, hop_.deadline_ns - engine_->now_ns())));
  deadline_.async_wait([self = shared_from_this()](error_code aborted) {
    if (!aborted) self->fail(deadline_failure());
  });
}

void PlainHop::abandon() {
  done_ = nullptr;
  fail(cancelled_failure());
}

void PlainHop::fail(Status failure) {
  HopOutcome outcome;
  outcome.in_body = parser_ && parser_->head_complete();
  outcome.failure = std::move(failure);
  finish(std::move(outcome));
}

void PlainHop::resolve() {
  engine_->resolver().resolve(
      hop_.url.host, [self = shared_from_this()](const Result<Resolver::Addresses>& addresses) {
        if (self->ended_) return;
        if (!addresses.ok()) return self->fail(addresses.status());
        self->addresses_ = *addresses;
        self->dial();
      });
}

// Tries the next address. Each gets its share of the time left, so that one that does not answer
// leaves some for the others.
void PlainHop::dial() {
  if (next_address_ == addresses_.size()) return fail(first_failure_);
  const std::size_t left = addresses_.size() - next_address_;
  const boost::asio::ip::tcp::endpoint endpoint(addresses_[next_address_++],
                                                static_cast<unsigned short>(hop_.url.port));
  connection_ = std::make_shared<PlainConnection>(engine_, key_);
  connection_->user = this;
  if (left > 1) {
    const std::int64_t share =
        (hop_.deadline_ns - engine_->now_ns()) / static_cast<std::int64_t>(left);
    dial_deadline_.expires_after(std::chrono::nanoseconds(std::max<std::int64_t>(0, share)));
    dial_deadline_.async_wait(
        [self = shared_from_this(), dialled = connection_](error_code aborted) {
          if (!aborted && self->connection_ == dialled && dialled->transport == nullptr) {
            dialled->close();  // ends the connect below with an error
          }
        });
  }
  const auto on_dialled = [self = shared_from_this(), dialled = connection_,
                           endpoint](error_code error) {
    if (self->ended_ || self->connection_ != dialled) return;
    self->dial_deadline_.cancel();
    if (!error) return self->on_connected(error);
    const bool timed_out = error == boost::asio::error::operation_aborted;
    if (self->first_failure_.ok()) {
      self->first_failure_ =
          dial_failure(endpoint_text(endpoint), timed_out ? ETIMEDOUT : error.value());
    }
    dialled->close();
    self->dial();
  };
  error_code error;
  open_socket(connection_->socket, endpoint.protocol(), error);
  if (error) {
    return boost::asio::post(engine_->strand(), [on_dialled, error] { on_dialled(error); });
  }
  connection_->socket.async_connect(endpoint, on_dialled);
}

void PlainHop::on_connected(error_code) {
  const int on = 1;
  const int descriptor = connection_->socket.native_handle();
  error_code ignored;
  connection_->socket.non_blocking(true, ignored);
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  connection_->transport = std::make_unique<PlainTransport>(descriptor);
  use(connection_);
}

void PlainHop::use(std::shared_ptr<PlainConnection> connection) {
  connection_ = std::move(connection);
  connection_->user = this;
  sent_ = 0;
  ResponseLimits limits;
  limits.no_body = hop_.method == "HEAD";
  limits.header_max_bytes = hop_.header_max_bytes;
  limits.body_max_bytes = hop_.body_max_bytes;
  limits.body_guess_bytes = connection_->last_body_bytes;
  parser_.emplace(limits);
  send();
  if (!ended_ && connection_ != nullptr) connection_->wait_readable();
}

void PlainHop::send() {
  const std::size_t total = head_.size() + hop_.body.size();
  while (sent_ < total) {
    std::array<iovec, 2> parts;
    std::size_t count = 0;
    const std::size_t of_body = sent_ > head_.size() ? sent_ - head_.size() : 0;
    if (sent_ < head_.size()) parts[count++] = {head_.data() + sent_, head_.size() - sent_};
    if (of_body < hop_.body.size()) {
      parts[count++] = {hop_.body.data() + of_body, hop_.body.size() - of_body};
    }
    const IoResult result = connection_->transport->write({parts.data(), count});
    if (result.state == IoResult::State::kNeedsWritable) return connection_->wait_writable();
    // A server may answer and close without reading all: what it said is read first.
    if (result.state != IoResult::State::kDone) return;
    sent_ += result.bytes;
  }
}

void PlainHop::on_readable() {
  for (int i = 0; i < kReadsInARow; ++i) {
    const std::span<char> scratch = engine_->scratch();
    const IoResult result = connection_->transport->read(scratch);
    if (result.state == IoResult::State::kNeedsReadable) break;
    if (result.state != IoResult::State::kDone) return on_stream_end(result.error);
    parser_->feed({scratch.data(), result.bytes});
    if (parser_->done()) return complete();
    if (parser_->failed()) return fail(parser_->failure());
    if (result.bytes < scratch.size()) break;
  }
  connection_->wait_readable();
}

void PlainHop::on_stream_end(int error) {
  if (!parser_->started() && retry()) return;
  if (error != 0) {
    error_code ignored;
    const auto& socket = connection_->socket;
    return fail(unavailable("read tcp " + endpoint_text(socket.local_endpoint(ignored)) + "->" +
                            key_ + ": read: " + system_text(error)));
  }
  parser_->end_of_stream();
  if (parser_->done()) return complete();
  fail(parser_->failure());
}

// A kept connection that the server had closed: the request never reached it.
bool PlainHop::retry() {
  if (!reused_ || !repeatable(hop_.method)) return false;
  reused_ = false;
  connection_->close();
  connection_.reset();
  parser_.reset();
  resolve();
  return true;
}

void PlainHop::complete() {
  HopOutcome outcome;
  outcome.response.status = parser_->status();
  outcome.response.status_line = parser_->status_line();
  outcome.response.headers = std::move(parser_->headers());
  outcome.response.body = std::move(parser_->body());
  connection_->last_body_bytes = outcome.response.body.size();
  const bool all_sent = sent_ == head_.size() + hop_.body.size();
  if (parser_->keep_alive() && all_sent) {
    connection_->user = nullptr;
    engine_->keep(std::move(connection_));
    connection_.reset();
  }
  finish(std::move(outcome));
}

void PlainHop::finish(HopOutcome outcome) {
  if (std::exchange(ended_, true)) return;
  const auto self = shared_from_this();
  deadline_.cancel();
  dial_deadline_.cancel();
  if (connection_ != nullptr) std::exchange(connection_, nullptr)->close();
  engine_->ended(*this);
  if (const HopDone done = std::exchange(done_, nullptr)) done(std::move(outcome));
}

std::string PlainHop::request_head() const {
  std::string head;
  head.reserve(512);
  head.append(hop_.method).append(" ").append(hop_.url.target).append(" HTTP/1.1\r\nHost: ");
  head.append(hop_.url.authority).append("\r\n");
  for (const auto& [name, value] : hop_.headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (!hop_.body.empty() || hop_.method == "POST" || hop_.method == "PUT") {
    head.append("Content-Length: ").append(std::to_string(hop_.body.size())).append("\r\n");
  }
  return head.append("\r\n");
}

}  // namespace narthex::net
