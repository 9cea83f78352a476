// SPDX-License-Identifier: Apache-2.0
#include "net/connection.hpp"

#include "net/answer.hpp"
#include "net/chunked.hpp"
#include "net/front.hpp"
#include "net/status_text.hpp"
#include "net/target.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace narthex::net {
namespace {

using boost::system::error_code;

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMillisecond;
constexpr std::int64_t kWriteStall = 30 * kSecond;
constexpr std::int64_t kLingerTime = 2 * kSecond;
constexpr std::uint64_t kLingerBytes = 16 << 20;
constexpr std::int64_t kVerdictTime = 30 * kSecond;
// A pace is judged only after this time: short hiccups are nobody's fault.
constexpr std::int64_t kPaceGrace = 10 * kSecond;
// Requests sent ahead of their turn wait in the kernel beyond this.
constexpr std::size_t kPipelineBytes = 64 << 10;
constexpr std::uint64_t kFallbackBodyBytes = 64 << 10;
constexpr int kReadsInARow = 4;

// Brings calls of handler threads to the connection's strand.
class ConnectionOutlet final : public Outlet {
 public:
  ConnectionOutlet(std::shared_ptr<Front> front, std::weak_ptr<Connection> connection)
      : front_(std::move(front)), connection_(std::move(connection)) {}

  void answer(Answer answer) override {
    front_->on_strand(
        [connection = connection_, held = std::make_shared<Answer>(std::move(answer))] {
          if (const auto c = connection.lock()) return c->answer(std::move(*held));
          if (held->pipe != nullptr) held->pipe->break_off();
        });
  }
  std::shared_ptr<BodyPipe> make_pipe(std::size_t capacity_bytes) override {
    return std::make_shared<BodyPipe>(capacity_bytes, [front = front_, connection = connection_] {
      front->on_strand([connection] {
        if (const auto c = connection.lock()) c->on_pipe();
      });
    });
  }

 private:
  const std::shared_ptr<Front> front_;
  const std::weak_ptr<Connection> connection_;
};

std::string endpoint_text(const boost::asio::ip::tcp::endpoint& peer) {
  const std::string address = peer.address().to_string();
  const std::string host = peer.address().is_v6() ? "[" + address + "]" : address;
  return host + ":" + std::to_string(peer.port());
}

}  // namespace

// Alive from the blank line of a request until it is handed over.
struct Connection::Incoming {
  explicit Incoming(std::shared_ptr<Exchange> e)
      : exchange(std::move(e)), decoder(ChunkedDecoder::LineEnds::kStrict) {}
  std::shared_ptr<Exchange> exchange;
  ChunkedDecoder decoder;
  std::uint64_t left = 0;
  std::int64_t began_ns = 0;
  std::string allow;  // methods of its path, where no route takes this one
};

// Alive while an answer is being written.
struct Connection::Outgoing {
  explicit Outgoing(Answer a) : answer(std::move(a)) {}
  Answer answer;
  std::size_t head_left = 0;
  std::size_t body_left = 0;
  bool from_pipe = false;  // the body being written came out of the pipe
  bool ended = false;
  std::uint64_t body_bytes = 0;
};

Connection::Connection(std::shared_ptr<Front> front, Socket socket,
                       std::unique_ptr<Transport> transport, boost::asio::ip::tcp::endpoint peer)
    : front_(std::move(front)),
      socket_(std::move(socket)),
      transport_(std::move(transport)),
      peer_(std::move(peer)),
      shaking_hands_(transport_->in_handshake()) {}

Connection::~Connection() = default;

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

std::size_t Connection::take_head(std::string_view bytes) {
  const HeadLimits limits = front_->head_limits();
  const HeadSearch search = find_head_end(bytes, scanned_, limits);
  RequestHead head;
  Refusal refusal = search.refusal;
  if (!refusal && search.size != 0) {
    refusal = parse_request_head(bytes.substr(0, search.size), limits, head);
  }
  if (refusal) {
    refuse(refusal.status, refusal.reason);
    return bytes.size();
  }
  if (search.size == 0) {
    const std::int64_t limit = front_->options().header_timeout_ms * kMillisecond;
    if (!std::exchange(head_begun_, true)) set_deadline(front_->now_ns() + limit);
    return 0;
  }
  scanned_ = 0;
  begin_exchange(std::move(head));
  return search.size;
}

// ---- from head to handler ----

void Connection::begin_exchange(RequestHead head) {
  close_after_ = !head.keep_alive || front_->stopping();
  auto exchange = std::make_shared<Exchange>(front_->body_budget());
  exchange->started_ns = front_->now_ns();
  exchange->received_ms = front_->clock().now_ms();
  Match match = front_->router().find(head.method, split_target(head.target).path);
  exchange->head = std::move(head);
  exchange->route = match.entry;
  exchange->path_params = std::move(match.path_params);
  exchange->cors = match.cors;
  exchange->configured = front_->configured_headers();
  exchange->body_max_bytes =
      match.entry != nullptr ? match.entry->route().body_max_bytes : kFallbackBodyBytes;
  incoming_ = std::make_unique<Incoming>(std::move(exchange));
  incoming_->began_ns = incoming_->exchange->started_ns;
  incoming_->allow = std::move(match.allow);
  authorize();
}

// As in Prometheus, nothing is open where there are users: no health, no OPTIONS, no 404.
void Connection::authorize() {
  PasswordGate* const gate = front_->password_gate();
  if (gate == nullptr) return proceed();
  const auto pair = parse_basic(incoming_->exchange->head.header("authorization"));
  if (!pair) return deny();
  const std::optional<bool> known = gate->known(*pair);
  if (known) return *known ? proceed() : deny();
  state_ = State::kAuthorizing;
  set_deadline(front_->now_ns() + kVerdictTime);
  const bool taken = gate->check(*pair, [connection = weak_from_this()](bool allowed) {
    if (const auto c = connection.lock()) c->on_verdict(allowed);
  });
  if (!taken) refuse(503, "too many passwords are being checked");
}

void Connection::on_verdict(bool allowed) {
  if (state_ != State::kAuthorizing) return;
  if (allowed) {
    proceed();
  } else {
    deny();
  }
  if (state_ == State::kClosed) return;
  if (!unread_.empty() && (state_ == State::kHead || state_ == State::kBody)) consume_unread();
  wait_readable();
}

void Connection::deny() {
  front_->refusals().count(401);
  const RequestHead& head = incoming_->exchange->head;
  if (head.chunked || head.content_length != 0) close_after_ = refused_ = true;
  answer_text(401, "Unauthorized", {{"WWW-Authenticate", "Basic"}});
}

void Connection::proceed() {
  if (!answer_without_handler()) begin_body();
}

// Requests that no handler is there for: OPTIONS, wrong methods, unknown paths.
bool Connection::answer_without_handler() {
  const RequestHead& head = incoming_->exchange->head;
  const std::string allow = incoming_->allow;
  const bool has_match = incoming_->exchange->route != nullptr;
  const bool handled = has_match || (allow.empty() && front_->has_fallback());
  if (handled && head.method != "TRACE") return false;
  // Its body is not worth reading.
  if (head.chunked || head.content_length != 0) close_after_ = refused_ = true;
  if (head.method == "TRACE") {
    answer_text(405, "Method Not Allowed", {});
  } else if (allow.empty()) {
    answer_text(404, "404 page not found", {});
  } else if (head.method != "OPTIONS") {
    answer_text(405, "Method Not Allowed", {{"Allow", allow}});
  } else if (incoming_->exchange->cors) {
    answer_text(204, {}, {});
  } else {
    answer_text(200, {}, {{"Allow", allow}});
  }
  return true;
}

void Connection::begin_body() {
  const Exchange& exchange = *incoming_->exchange;
  if (exchange.head.content_length > exchange.body_max_bytes) {
    return refuse(413, "request body too large");
  }
  incoming_->left = exchange.head.content_length;
  if (!exchange.head.chunked && incoming_->left == 0) return hand_over();
  // What the head claims costs nothing until it comes, so only usual sizes are made room for.
  constexpr std::uint64_t kReserved = 256 << 10;
  incoming_->exchange->body.reserve(std::min(incoming_->left, kReserved));
  state_ = State::kBody;
  set_deadline(incoming_->began_ns +
               std::min(kPaceGrace, front_->options().read_timeout_ms * kMillisecond));
  if (exchange.head.expects_continue) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const iovec part{const_cast<char*>(kContinue.data()), kContinue.size()};
    // A fresh socket takes 25 bytes at once; one that does not is of no use.
    if (transport_->write({&part, 1}).state != IoResult::State::kDone) close();
  }
}

std::size_t Connection::take_body(std::string_view bytes) {
  Exchange& exchange = *incoming_->exchange;
  std::size_t used = 0;
  bool done = false;
  if (exchange.head.chunked) {
    used = incoming_->decoder.feed(bytes, exchange.body, exchange.body_max_bytes);
    done = incoming_->decoder.done();
  } else {
    used = static_cast<std::size_t>(std::min<std::uint64_t>(incoming_->left, bytes.size()));
    exchange.body.append(bytes.substr(0, used));
    incoming_->left -= used;
    done = incoming_->left == 0;
  }
  const std::size_t grown = exchange.body.size() - exchange.body_charged;
  if (!exchange.body_budget->take(grown)) {
    refuse(503, "request bodies take too much memory");
    return bytes.size();
  }
  exchange.body_charged += grown;
  if (incoming_->decoder.failed()) {
    const bool large = incoming_->decoder.too_large();
    refuse(large ? 413 : 400, large ? "request body too large" : "malformed chunk");
    return bytes.size();
  }
  if (done) hand_over();
  return used;
}

void Connection::hand_over() {
  state_ = State::kHandling;
  set_deadline(kNever);
  std::shared_ptr<Exchange> exchange = std::move(incoming_->exchange);
  incoming_.reset();
  cancellation_ = std::make_shared<runtime::Cancellation>();
  exchange->cancellation = cancellation_;
  exchange->remote = endpoint_text(peer_);
  const auto outlet = std::make_shared<ConnectionOutlet>(front_, weak_from_this());
  route_ = exchange->route;
  started_ns_ = exchange->started_ns;
  if (front_->submit(std::move(exchange), outlet)) return;
  front_->refusals().count(503);
  AnswerContext context;
  context.close = close_after_;
  context.configured = front_->configured_headers();
  context.now_ms = front_->clock().now_ms();
  Response busy = Response::text(503, "server is busy\n");
  busy.headers.emplace_back("Retry-After", "1");
  answer(make_answer(context, std::move(busy)));
}

void Connection::refuse(int status, std::string_view reason) {
  front_->refusals().count(status);
  close_after_ = true;
  refused_ = true;
  answer_text(status, reason, {});
}

void Connection::answer_text(int status, std::string_view text, Params headers) {
  AnswerContext context;
  context.now_ms = front_->clock().now_ms();
  context.close = close_after_;
  context.configured = front_->configured_headers();
  if (incoming_ != nullptr) {
    const Exchange& exchange = *incoming_->exchange;
    context.head_only = exchange.head.method == "HEAD";
    context.http_1_0 = exchange.head.http_1_0;
    context.cors = exchange.cors;
    const std::string_view origin = exchange.head.header("origin");
    if (exchange.cors && front_->environment().cors.allows(origin)) context.allow_origin = origin;
  }
  incoming_.reset();
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  if (!text.empty()) response.body = std::string(text) + "\n";
  answer(make_answer(context, std::move(response)));
}

// ---- writing ----

void Connection::answer(Answer answer) {
  if (state_ == State::kClosed) {
    if (answer.pipe != nullptr) answer.pipe->break_off();
    return;
  }
  state_ = State::kWriting;
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
    default:
      return close();
  }
}

void Connection::check_body_pace(std::int64_t now_ns) {
  const std::int64_t elapsed = now_ns - incoming_->began_ns;
  const std::int64_t limit = front_->options().read_timeout_ms * kMillisecond;
  const auto due = static_cast<double>(front_->options().body_rate_floor) *
                   (static_cast<double>(elapsed) * 1e-9);
  if (elapsed >= limit || static_cast<double>(incoming_->exchange->body.size()) < due) {
    return refuse(408, "the request body took too long");
  }
  set_deadline(std::min(now_ns + kSecond, incoming_->began_ns + limit));
}

}  // namespace narthex::net
