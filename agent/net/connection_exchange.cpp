// SPDX-License-Identifier: Apache-2.0
// Connection from the blank line of a request to its handler.
#include "net/connection_parts.hpp"
#include "net/front.hpp"
#include "net/target.hpp"

#include <algorithm>
#include <utility>

namespace narthex::net {
namespace {

constexpr std::int64_t kVerdictTime = 30 * kSecond;
// A pace is judged only after this time: short hiccups are nobody's fault.
constexpr std::int64_t kPaceGrace = 10 * kSecond;
constexpr std::uint64_t kFallbackBodyBytes = 64 << 10;

// Brings calls of handler threads to the connection's strand.
class ConnectionOutlet final : public Outlet {
 public:
  ConnectionOutlet(std::shared_ptr<HandlerDoor> door, std::weak_ptr<Connection> connection,
                   std::shared_ptr<DirectAnswer> direct)
      : door_(std::move(door)), connection_(std::move(connection)), direct_(std::move(direct)) {}

  void answer(Answer answer) override {
    if (direct_ != nullptr && direct_->give(answer)) return;
    const auto held = std::make_shared<Answer>(std::move(answer));
    const auto break_off = [held] {
      if (held->pipe != nullptr) held->pipe->break_off();
    };
    const bool open = door_->on_strand([connection = connection_, held, break_off] {
      const auto c = connection.lock();
      return c != nullptr ? c->answer(std::move(*held)) : break_off();
    });
    if (!open) break_off();
  }
  std::shared_ptr<BodyPipe> make_pipe(std::size_t capacity_bytes) override {
    return std::make_shared<BodyPipe>(capacity_bytes, [door = door_, connection = connection_] {
      door->on_strand([connection] {
        if (const auto c = connection.lock()) c->on_pipe();
      });
    });
  }

 private:
  const std::shared_ptr<HandlerDoor> door_;
  const std::weak_ptr<Connection> connection_;
  const std::shared_ptr<DirectAnswer> direct_;
};

std::string endpoint_text(const boost::asio::ip::tcp::endpoint& peer) {
  const std::string address = peer.address().to_string();
  const std::string host = peer.address().is_v6() ? "[" + address + "]" : address;
  return host + ":" + std::to_string(peer.port());
}

}  // namespace

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
  more_came_ = bytes.size() > search.size;
  begin_exchange(std::move(head));
  return search.size;
}

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
  const auto room = static_cast<std::size_t>(std::min(incoming_->left, kReserved));
  incoming_->exchange->body = front_->body_budget()->take_memory(room);
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
  more_came_ = bytes.size() > used;
  if (done) hand_over();
  return used;
}

void Connection::hand_over() {
  state_ = State::kHandling;
  std::shared_ptr<Exchange> exchange = std::move(incoming_->exchange);
  incoming_.reset();
  cancellation_ = std::make_shared<runtime::Cancellation>();
  exchange->cancellation = cancellation_;
  exchange->remote = endpoint_text(peer_);
  route_ = exchange->route;
  started_ns_ = exchange->started_ns;
  const int descriptor = transport_->plain_descriptor();
  std::int64_t deadline = kNever;
  if (descriptor >= 0 && !close_after_ && !more_came_ && unread_.empty()) {
    direct_ = std::make_shared<DirectAnswer>(descriptor, front_->clock(),
                                             DirectAnswer::Account{route_, started_ns_});
    deadline = front_->now_ns() + front_->options().read_timeout_ms * kMillisecond;
  }
  set_deadline(deadline);
  const auto outlet = std::make_shared<ConnectionOutlet>(front_->door(), weak_from_this(), direct_);
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
