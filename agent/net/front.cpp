// SPDX-License-Identifier: Apache-2.0
#include "net/front.hpp"

#include "net/listen_address.hpp"
#include "net/open_socket.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

namespace narthex::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 4096;
constexpr int kAcceptsInARow = 64;
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
// Beyond connections_max, so many are told why before they are simply closed.
constexpr int kTurnedAwayMax = 256;
// Deadlines need no precision: one sweep serves all that fall into this span.
constexpr std::int64_t kSweepSpanNs = 20'000'000;
// Pairs of user and password that may wait to be checked; beyond it 503.
constexpr std::size_t kPasswordsWaitingMax = 64;
// How long stop() waits for handlers that were cancelled.
constexpr auto kAfterCancel = std::chrono::seconds(1);

LaneQueueOptions lane_options(Lane lane, const ServerOptions& options) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  switch (lane) {
    case Lane::kControl:
      return {runtime::Pool::kWorker, 4, 512};
    case Lane::kQuery:
      return {runtime::Pool::kQuery, options.query_threads > 0 ? options.query_threads : cores,
              512};
    case Lane::kIngest:
      return {runtime::Pool::kWorker, std::clamp(cores, 2, 8), 512};
  }
  return {};
}

}  // namespace

Front::Front(ServerOptions options, runtime::AsioExecutor& executor, telemetry::Registry& registry)
    : options_(std::move(options)),
      executor_(executor),
      strand_(asio::make_strand(executor.io_context())),
      door_(std::make_shared<HandlerDoor>(strand_)),
      acceptor_(strand_),
      accept_pause_(strand_),
      sweep_(strand_),
      next_sweep_ns_(Connection::kNever),
      scratch_(new char[kScratchBytes]),
      refusals_(registry),
      body_budget_(std::make_shared<BodyBudget>(options_.bodies_bytes_max)) {}

void Front::on_strand(runtime::Task task) { asio::post(strand_, std::move(task)); }

// ---- who may come, and how ----

// One thread of two cores, more on larger machines: the rest goes on answering.
std::shared_ptr<LaneQueue> Front::password_lane() {
  if (password_lane_ == nullptr) {
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    password_lane_ = std::make_shared<LaneQueue>(
        LaneQueueOptions{runtime::Pool::kWorker, std::clamp(cores / 4, 1, 4), kPasswordsWaitingMax},
        executor_);
  }
  return password_lane_;
}

void Front::set_web(WebOptions options, std::shared_ptr<ServerTls> tls) {
  on_strand([self = shared_from_this(), options = std::move(options), tls = std::move(tls)] {
    self->tls_ = tls;
    const Params headers(options.headers.begin(), options.headers.end());
    self->configured_headers_ = headers.empty() ? nullptr : std::make_shared<const Params>(headers);
    PasswordGate* const gate = self->password_gate_.get();
    if (options.users.empty()) {
      self->password_gate_.reset();
    } else if (gate == nullptr || gate->users() != options.users) {
      self->password_gate_ = std::make_shared<PasswordGate>(
          options.users, self->password_lane(),
          [door = self->door_](runtime::Task task) { door->on_strand(std::move(task)); },
          self->refusals_.password_checks());
    }
  });
}

// ---- listening and accepting ----

Status Front::start(std::shared_ptr<const CallEnvironment> environment) {
  environment_ = std::move(environment);
  for (const net::Lane lane : {net::Lane::kControl, net::Lane::kQuery, net::Lane::kIngest}) {
    lanes_[static_cast<std::size_t>(lane)] =
        std::make_shared<LaneQueue>(lane_options(lane, options_), executor_);
  }
  const Status status = listen();
  if (status.ok()) on_strand([self = shared_from_this()] { self->wait_for_clients(); });
  return status;
}

Status Front::listen() {
  const Result<ListenAddress> wanted = parse_listen(options_.listen);
  if (!wanted.ok()) return wanted.status();
  const tcp::endpoint endpoint(wanted->address, wanted->port);
  error_code error;
  open_socket(acceptor_, endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && endpoint.protocol() == tcp::v6()) {
    const bool only = !endpoint.address().is_unspecified();
    acceptor_.set_option(asio::ip::v6_only(only), error);
  }
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (error) {
    error_code ignored;
    acceptor_.close(ignored);
    return io_error("cannot listen on " + options_.listen + ": " + error.message());
  }
  const tcp::endpoint bound = acceptor_.local_endpoint(error);
  address_ = listen_text(bound.address(), bound.port());
  return {};
}

void Front::wait_for_clients() {
  if (stopping_) return;
  acceptor_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](error_code error) {
    if (!error) self->accept_some();
  });
}

void Front::accept_some() {
  for (int i = 0; i < kAcceptsInARow && !stopping_; ++i) {
    tcp::endpoint peer;
    socklen_t size = static_cast<socklen_t>(peer.capacity());
    const int descriptor =
        accept4(acceptor_.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      welcome(descriptor, peer);
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    if (errno == EINTR || errno == ECONNABORTED) continue;
    return accept_failed(errno);
  }
  wait_for_clients();
}

// Out of descriptors or memory: the clients wait in the backlog, and trying at once would only
// spin.
void Front::accept_failed(int error) {
  refusals_.count_accept_failure();
  log_.warn("cannot accept connections", {{"err", std::strerror(error)}});
  accept_pause_.expires_after(kAcceptPause);
  accept_pause_.async_wait([self = shared_from_this()](error_code aborted) {
    if (!aborted) self->accept_some();
  });
}

void Front::welcome(int descriptor, const tcp::endpoint& peer) {
  const int count = static_cast<int>(connections_.size());
  if (count >= options_.connections_max + kTurnedAwayMax) {
    ::close(descriptor);
    refusals_.count(503);
    return;
  }
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  Connection::Socket socket(strand_);
  error_code error;
  socket.assign(peer.protocol(), descriptor, error);
  if (error) {
    ::close(descriptor);
    return accept_failed(error.value());
  }
  std::unique_ptr<Transport> transport =
      tls_ != nullptr ? tls_->accept(descriptor) : std::make_unique<PlainTransport>(descriptor);
  if (transport == nullptr) return accept_failed(ENOMEM);
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket),
                                                 std::move(transport), peer);
  connection->place = connections_.size();
  connections_.push_back(connection);
  connection_count_ = static_cast<int>(connections_.size());
  if (count < options_.connections_max) {
    connection->start();
  } else {
    connection->turn_away();
  }
}

void Front::forget(Connection& connection) {
  const std::size_t place = connection.place;
  const std::shared_ptr<Connection> gone = std::move(connections_[place]);
  if (place + 1 != connections_.size()) {
    connections_[place] = std::move(connections_.back());
    connections_[place]->place = place;
  }
  connections_.pop_back();
  connection_count_ = static_cast<int>(connections_.size());
  if (stopping_) door_->note_progress();
}

// ---- lanes ----

bool Front::submit(std::shared_ptr<Exchange> exchange, std::shared_ptr<Outlet> outlet) {
  const net::Lane where =
      exchange->route != nullptr ? exchange->route->route().lane : net::Lane::kControl;
  exchange->counted = door_->count_call();
  return lane(where).submit(
      [environment = environment_, exchange = std::move(exchange), outlet = std::move(outlet)] {
        call_handler(environment, exchange, outlet);
      });
}

void Front::resume(net::Lane where, runtime::Task job) { lane(where).resume(std::move(job)); }

// ---- deadlines ----

void Front::watch(std::int64_t deadline_ns) {
  if (deadline_ns + kSweepSpanNs >= next_sweep_ns_) return;
  next_sweep_ns_ = deadline_ns + kSweepSpanNs;
  sweep_.expires_after(
      std::chrono::nanoseconds(std::max<std::int64_t>(next_sweep_ns_ - now_ns(), kSweepSpanNs)));
  sweep_.async_wait([self = shared_from_this()](error_code aborted) {
    if (!aborted) self->on_sweep();
  });
}

void Front::on_sweep() {
  next_sweep_ns_ = Connection::kNever;
  const std::int64_t now = now_ns();
  std::vector<std::shared_ptr<Connection>> due;
  std::int64_t next = Connection::kNever;
  for (const auto& connection : connections_) {
    if (connection->deadline_ns() <= now) {
      due.push_back(connection);
    } else {
      next = std::min(next, connection->deadline_ns());
    }
  }
  for (const auto& connection : due) connection->on_deadline(now);
  if (next != Connection::kNever) watch(next);
}

// ---- stopping ----

void Front::stop(std::int64_t deadline_mono_ns) {
  if (stopping_.exchange(true)) return;
  if (environment_ != nullptr && !executor_.io_context().stopped()) {
    end_connections(deadline_mono_ns);
  }
  for (const auto& lane : lanes_) {
    if (lane != nullptr) lane->close();
  }
  door_->close();
}

void Front::end_connections(std::int64_t deadline_mono_ns) {
  on_strand([self = shared_from_this()] { self->begin_stop(); });
  const auto left =
      std::chrono::nanoseconds(std::max<std::int64_t>(0, deadline_mono_ns - now_ns()));
  if (drain(left)) return;
  on_strand([self = shared_from_this()] { self->cancel_all(); });
  if (drain(kAfterCancel)) return;
  on_strand([self = shared_from_this()] { self->close_all(); });
  if (!drain(kAfterCancel)) {
    log_.error("handlers still run after the server stopped", {{"calls", door_->calls()}});
  }
}

bool Front::drain(std::chrono::nanoseconds time) {
  return door_->wait(time, [this] { return deaf_ && connection_count_ == 0; });
}

void Front::begin_stop() {
  error_code ignored;
  acceptor_.close(ignored);
  accept_pause_.cancel();
  const auto all = connections_;
  for (const auto& connection : all) connection->close_when_idle();
  if (password_lane_ != nullptr) password_lane_->close();  // nobody waits for it any more
  deaf_ = true;
  door_->note_progress();
}

void Front::cancel_all() {
  const auto all = connections_;
  for (const auto& connection : all) connection->cancel();
}

void Front::close_all() {
  sweep_.cancel();
  const auto all = connections_;
  for (const auto& connection : all) connection->close();
}

}  // namespace narthex::net
