// SPDX-License-Identifier: Apache-2.0
// front.hpp - the inside of the server: accepts, owns the connections, watches their deadlines and
// feeds the lanes. Everything here runs on one strand, so nothing here takes a lock; Asio shows, so
// only files of this room include it.
#pragma once

#include "net/connection.hpp"
#include "net/handler_call.hpp"
#include "net/handler_door.hpp"
#include "net/lane_queue.hpp"
#include "net/options.hpp"
#include "net/password_gate.hpp"
#include "net/router.hpp"
#include "net/server_metrics.hpp"
#include "net/server_tls.hpp"
#include "runtime/asio_executor.hpp"
#include "telemetry/log.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace narthex::net {

class Front : public std::enable_shared_from_this<Front> {
 public:
  using Strand = HandlerDoor::Strand;
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Strand>;
  using Timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Strand>;

  Front(ServerOptions options, runtime::AsioExecutor& executor, telemetry::Registry& registry);

  // From any thread.
  Status start(std::shared_ptr<const CallEnvironment> environment);
  std::string address() const { return address_; }
  void stop(std::int64_t deadline_mono_ns);
  int connection_count() const { return connection_count_; }
  // Takes effect for clients and requests that come from now on. tls: null for plain HTTP.
  void set_web(WebOptions options, std::shared_ptr<ServerTls> tls);
  Router& router() { return router_; }
  RefusalMetrics& refusals() { return refusals_; }
  void on_strand(runtime::Task task);
  // What threads of handlers may keep: they may outlive the front.
  const std::shared_ptr<HandlerDoor>& door() const { return door_; }

  // For connections, on the strand.
  const ServerOptions& options() const { return options_; }
  const std::shared_ptr<const Params>& configured_headers() const { return configured_headers_; }
  PasswordGate* password_gate() const { return password_gate_.get(); }  // null: everybody may ask
  HeadLimits head_limits() const { return {options_.request_line_max, options_.header_bytes_max}; }
  const runtime::Clock& clock() const { return executor_.clock(); }
  std::int64_t now_ns() const { return clock().mono_ns(); }
  // Bytes are read into this and used up before the next read of any connection.
  std::span<char> scratch() { return {scratch_.get(), kScratchBytes}; }
  const std::shared_ptr<BodyBudget>& body_budget() const { return body_budget_; }
  bool stopping() const { return stopping_; }
  bool has_fallback() const { return environment_->fallback() != nullptr; }
  const CallEnvironment& environment() const { return *environment_; }
  // A connection will want on_deadline() at this time, or earlier for no reason.
  void watch(std::int64_t deadline_ns);
  // False when the lane is full.
  bool submit(std::shared_ptr<Exchange> exchange, std::shared_ptr<Outlet> outlet);
  void resume(net::Lane lane, runtime::Task job);
  void forget(Connection& connection);

 private:
  static constexpr std::size_t kScratchBytes = 64 << 10;

  Status listen();
  void wait_for_clients();
  void accept_some();
  void accept_failed(int error);
  void welcome(int descriptor, const boost::asio::ip::tcp::endpoint& peer);
  std::shared_ptr<LaneQueue> password_lane();
  void on_sweep();
  void begin_stop();
  void cancel_all();
  void close_all();
  bool drain(std::chrono::nanoseconds time);
  void end_connections(std::int64_t deadline_mono_ns);
  LaneQueue& lane(net::Lane lane) { return *lanes_[static_cast<std::size_t>(lane)]; }

  const ServerOptions options_;
  runtime::AsioExecutor& executor_;
  Strand strand_;
  const std::shared_ptr<HandlerDoor> door_;
  Acceptor acceptor_;
  Timer accept_pause_;
  Timer sweep_;
  std::int64_t next_sweep_ns_;
  std::unique_ptr<char[]> scratch_;
  Router router_;
  RefusalMetrics refusals_;
  std::shared_ptr<BodyBudget> body_budget_;
  std::shared_ptr<const CallEnvironment> environment_;
  std::array<std::shared_ptr<LaneQueue>, 3> lanes_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::shared_ptr<ServerTls> tls_;
  std::shared_ptr<const Params> configured_headers_;
  std::shared_ptr<LaneQueue> password_lane_;
  std::shared_ptr<PasswordGate> password_gate_;
  std::string address_;
  const telemetry::Log log_{"http"};

  std::atomic<int> connection_count_{0};
  std::atomic<bool> deaf_{false};
  std::atomic<bool> stopping_{false};
};

}  // namespace narthex::net
