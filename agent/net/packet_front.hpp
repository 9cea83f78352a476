// SPDX-License-Identifier: Apache-2.0
// packet_front.hpp - the inside of the packet server: accepts, owns connections and the datagram
// socket, watches idle ones. Everything here runs on one strand, so nothing here takes a lock; Asio
// shows, so only files of this room include it.
#pragma once

#include "net/packet_metrics.hpp"
#include "net/packet_server.hpp"
#include "telemetry/log.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::net {

class PacketStream;
class PacketPort;

class PacketFront : public std::enable_shared_from_this<PacketFront> {
 public:
  using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Strand>;
  using Timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Strand>;

  PacketFront(PacketServerOptions options, const std::string& receiver,
              runtime::AsioExecutor& executor, telemetry::Registry& registry,
              std::function<void()> on_packets);
  ~PacketFront();

  // From any thread.
  Status start();
  const std::string& address() const { return address_; }
  std::vector<Packet> take(std::size_t bytes_max);
  void stop(std::int64_t deadline_mono_ns);
  void stop_soon() { stop(now_ns() + 1'000'000'000); }

  // For streams and the port, on the strand.
  const PacketServerOptions& options() const { return options_; }
  PacketMetrics& metrics() { return metrics_; }
  std::int64_t now_ns() const { return executor_.clock().mono_ns(); }
  std::span<char> scratch() { return {scratch_.get(), kScratchBytes}; }
  bool has_room() const { return queue_.has_room(); }
  bool stopping() const { return stopping_; }
  void push(std::string bytes, std::shared_ptr<const std::string> peer);
  // resume() is called once the queue has room again; in the order of asking.
  void wait_for_room(std::function<void()> resume);
  void forget(PacketStream& stream);

 private:
  static constexpr std::size_t kScratchBytes = 64 << 10;

  Status listen();
  Status listen_on(const boost::asio::ip::address& address, unsigned short port);
  void wait_for_clients();
  void accept_some();
  void accept_failed(int error);
  void welcome(int descriptor, const boost::asio::ip::tcp::endpoint& peer);
  void watch_idle();
  void close_idle();
  void resume_readers();
  void finish();

  const PacketServerOptions options_;
  runtime::AsioExecutor& executor_;
  PacketMetrics metrics_;
  const std::function<void()> on_packets_;
  Strand strand_;
  Acceptor acceptor_;
  Timer accept_pause_;
  Timer sweep_;
  bool sweeping_ = false;
  std::unique_ptr<char[]> scratch_;
  PacketQueue queue_;
  std::shared_ptr<PacketPort> port_;
  std::vector<std::shared_ptr<PacketStream>> streams_;
  std::deque<std::function<void()>> waiting_;  // readers that found the queue full
  std::string address_;
  const telemetry::Log log_{"ingest"};

  std::atomic<bool> stopping_{false};
  std::mutex stop_mutex_;
  std::condition_variable stopped_;
  bool finished_ = false;  // guarded by stop_mutex_, as below
  bool silent_ = false;    // on_packets_ is not called any more
};

}  // namespace narthex::net
