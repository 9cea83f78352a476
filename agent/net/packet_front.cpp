// SPDX-License-Identifier: Apache-2.0
#include "net/packet_front.hpp"

#include "net/listen_address.hpp"
#include "net/open_socket.hpp"
#include "net/packet_port.hpp"
#include "net/packet_stream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

namespace narthex::net {
namespace {

using PacketTcp = boost::asio::ip::tcp;
using PacketUdp = boost::asio::ip::udp;
using PacketError = boost::system::error_code;

constexpr int kWaitingClientsMax = 512;
constexpr int kClientsInARow = 64;
constexpr auto kAfterAcceptFailure = std::chrono::milliseconds(100);
// How often one port for both TCP and UDP is looked for.
constexpr int kPortAttempts = 16;

template <class Socket>
void open_for(Socket& socket, const typename Socket::endpoint_type& endpoint, PacketError& error) {
  open_socket(socket, endpoint.protocol(), error);
  if (!error && endpoint.address().is_v6()) {
    socket.set_option(boost::asio::ip::v6_only(!endpoint.address().is_unspecified()), error);
  }
}

Status cannot_listen(const std::string& listen, std::string_view transport,
                     const PacketError& error) {
  return io_error("cannot listen on " + listen + " (" + std::string(transport) +
                  "): " + error.message());
}

}  // namespace

PacketFront::PacketFront(PacketServerOptions options, const std::string& receiver,
                         runtime::AsioExecutor& executor, telemetry::Registry& registry,
                         std::function<void()> on_packets)
    : options_(std::move(options)),
      executor_(executor),
      metrics_(registry, receiver),
      on_packets_(std::move(on_packets)),
      strand_(boost::asio::make_strand(executor.io_context())),
      acceptor_(strand_),
      accept_pause_(strand_),
      sweep_(strand_),
      scratch_(new char[kScratchBytes]),
      queue_(options_.queue_bytes_max) {}

PacketFront::~PacketFront() = default;

// ---- listening and accepting ----

Status PacketFront::start() {
  const Status status = listen();
  if (!status.ok()) return status;
  boost::asio::post(strand_, [self = shared_from_this()] {
    if (self->options_.tcp) self->wait_for_clients();
    if (self->port_ != nullptr) self->port_->start();
  });
  return Status();
}

// With port 0 the system chooses a port for one transport, which the other may find taken.
Status PacketFront::listen() {
  const Result<ListenAddress> wanted = parse_listen(options_.listen);
  if (!wanted.ok()) return wanted.status();
  Status status;
  for (int i = 0; i < (wanted->port == 0 ? kPortAttempts : 1); ++i) {
    status = listen_on(wanted->address, wanted->port);
    if (status.ok()) return status;
  }
  return status;
}

Status PacketFront::listen_on(const boost::asio::ip::address& address, unsigned short port) {
  PacketError error, ignored;
  acceptor_.close(ignored);
  if (options_.tcp) {
    const PacketTcp::endpoint endpoint(address, port);
    open_for(acceptor_, endpoint, error);
    if (!error) acceptor_.set_option(boost::asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(kWaitingClientsMax, error);
    if (!error) acceptor_.non_blocking(true, error);
    if (error) {
      acceptor_.close(ignored);
      return cannot_listen(options_.listen, "tcp", error);
    }
    port = acceptor_.local_endpoint(ignored).port();
  }
  if (options_.udp) {
    PacketPort::Socket socket(strand_);
    const PacketUdp::endpoint endpoint(address, port);
    open_for(socket, endpoint, error);
    if (!error) socket.bind(endpoint, error);
    if (error) {
      acceptor_.close(ignored);
      return cannot_listen(options_.listen, "udp", error);
    }
    port = socket.local_endpoint(ignored).port();
    port_ = std::make_shared<PacketPort>(*this, std::move(socket));
  }
  address_ = listen_text(address, port);
  return Status();
}

void PacketFront::wait_for_clients() {
  if (stopping_) return;
  acceptor_.async_wait(boost::asio::socket_base::wait_read,
                       [self = shared_from_this()](PacketError error) {
                         if (!error) self->accept_some();
                       });
}

void PacketFront::accept_some() {
  for (int i = 0; i < kClientsInARow && acceptor_.is_open(); ++i) {
    PacketTcp::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    const int descriptor =
        ::accept4(acceptor_.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
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

// Out of descriptors or memory: trying again at once would only spin.
void PacketFront::accept_failed(int error) {
  log_.warn("cannot accept connections", {{"address", address_}, {"err", std::strerror(error)}});
  accept_pause_.expires_after(kAfterAcceptFailure);
  accept_pause_.async_wait([self = shared_from_this()](PacketError aborted) {
    if (!aborted) self->accept_some();
  });
}

void PacketFront::welcome(int descriptor, const PacketTcp::endpoint& peer) {
  if (static_cast<int>(streams_.size()) >= options_.connections_max) {
    ::close(descriptor);
    metrics_.refused_connections.add();
    log_.warn("too many connections, a new one was closed",
              {{"address", address_}, {"max", options_.connections_max}});
    return;
  }
  PacketStream::Socket socket(strand_);
  PacketError error;
  socket.assign(peer.protocol(), descriptor, error);
  if (error) {
    ::close(descriptor);
    return;
  }
  auto stream = std::make_shared<PacketStream>(shared_from_this(), std::move(socket),
                                               listen_text(peer.address(), peer.port()));
  stream->place = streams_.size();
  streams_.push_back(stream);
  metrics_.connections_total.add();
  metrics_.connections.set(static_cast<double>(streams_.size()));
  stream->start();
  watch_idle();
}

void PacketFront::forget(PacketStream& stream) {
  const std::size_t place = stream.place;
  const std::shared_ptr<PacketStream> gone = std::move(streams_[place]);
  if (place + 1 != streams_.size()) {
    streams_[place] = std::move(streams_.back());
    streams_[place]->place = place;
  }
  streams_.pop_back();
  metrics_.connections.set(static_cast<double>(streams_.size()));
}

// ---- idle connections ----

void PacketFront::watch_idle() {
  if (sweeping_ || streams_.empty() || stopping_) return;
  sweeping_ = true;
  const std::int64_t period_ms = std::max<std::int64_t>(options_.idle_timeout_ms / 8, 10);
  sweep_.expires_after(std::chrono::milliseconds(period_ms));
  sweep_.async_wait([self = shared_from_this()](PacketError aborted) {
    self->sweeping_ = false;
    if (!aborted) self->close_idle();
  });
}

// While the queue is full nobody is read, so that nobody is idle by choice.
void PacketFront::close_idle() {
  const std::int64_t limit_ns = now_ns() - options_.idle_timeout_ms * 1'000'000;
  std::vector<std::shared_ptr<PacketStream>> idle;
  for (const auto& stream : streams_) {
    if (waiting_.empty() && stream->last_heard_ns() <= limit_ns) idle.push_back(stream);
  }
  for (const auto& stream : idle) {
    metrics_.idle_connections.add();
    stream->drain();
  }
  watch_idle();
}

// ---- the queue ----

void PacketFront::push(std::string bytes, std::shared_ptr<const std::string> peer) {
  if (!queue_.push({std::move(bytes), std::move(peer)})) return;
  const std::lock_guard lock(stop_mutex_);
  if (!silent_) on_packets_();
}

void PacketFront::wait_for_room(std::function<void()> resume) {
  waiting_.push_back(std::move(resume));
  if (has_room()) resume_readers();  // made between the question and now
}

std::vector<Packet> PacketFront::take(std::size_t bytes_max) {
  PacketQueue::Taken taken = queue_.take(bytes_max);
  if (taken.made_room) {
    boost::asio::post(strand_, [self = shared_from_this()] { self->resume_readers(); });
  }
  return std::move(taken.packets);
}

void PacketFront::resume_readers() {
  std::deque<std::function<void()>> readers;
  readers.swap(waiting_);
  for (const auto& resume : readers) {
    boost::asio::post(strand_, resume);  // each asks for room again
  }
}

// ---- stopping ----

void PacketFront::stop(std::int64_t deadline_mono_ns) {
  if (stopping_.exchange(true) || address_.empty()) return;
  const bool running = !executor_.io_context().stopped();
  if (running) boost::asio::post(strand_, [self = shared_from_this()] { self->finish(); });
  const auto left =
      std::chrono::nanoseconds(std::max<std::int64_t>(0, deadline_mono_ns - now_ns()));
  std::unique_lock lock(stop_mutex_);
  const bool finished = running && stopped_.wait_for(lock, left, [this] { return finished_; });
  silent_ = true;
  if (running && !finished) {
    log_.warn("sockets did not close in time", {{"address", address_}});
  }
}

void PacketFront::finish() {
  PacketError ignored;
  accept_some();  // those that the kernel has accepted for us have sent something already
  acceptor_.close(ignored);
  accept_pause_.cancel();
  sweep_.cancel();
  const auto all = streams_;
  for (const auto& stream : all) stream->drain();
  if (port_ != nullptr) port_->drain();
  waiting_.clear();
  const std::lock_guard lock(stop_mutex_);
  finished_ = true;
  stopped_.notify_all();
}

}  // namespace narthex::net
