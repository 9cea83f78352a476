// SPDX-License-Identifier: Apache-2.0
// plain_engine.hpp - HTTP/1.1 without TLS and without proxies, on Asio alone: what scraping
// thousands of targets runs on. Connections are kept and used again; a kept one that the server
// closed in the meantime is replaced once without the caller noticing.
//
// An idle connection keeps the wait it was reading with: the next request reuses it, and a server
// that closes wakes it. Lives on the strand of the client; start() and close() are called on it.
#pragma once

#include "net/hop.hpp"
#include "net/resolver.hpp"
#include "runtime/asio_executor.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace narthex::net {

class PlainConnection;
class PlainHop;

class PlainEngine : public std::enable_shared_from_this<PlainEngine> {
 public:
  using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;
  using Timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Strand>;

  PlainEngine(runtime::AsioExecutor& executor, Strand strand);

  std::shared_ptr<HopInFlight> start(Hop hop, HopDone done);
  // Fails what is in flight and closes everything.
  void close();
  // Only what is kept for later, and without its strand: for when no thread is left to run one.
  void drop_idle();

  // For hops and connections.
  const Strand& strand() const { return strand_; }
  Resolver& resolver() { return *resolver_; }
  std::shared_ptr<Resolver> shared_resolver() { return resolver_; }
  std::int64_t now_ns() const { return executor_.clock().mono_ns(); }
  std::span<char> scratch() { return {scratch_.get(), kScratchBytes}; }
  std::shared_ptr<PlainConnection> take_idle(const std::string& key);
  void keep(std::shared_ptr<PlainConnection> connection);
  void drop(PlainConnection& connection);
  void ended(PlainHop& hop);

 private:
  static constexpr std::size_t kScratchBytes = 64 << 10;
  void sweep_later();
  void sweep();

  runtime::AsioExecutor& executor_;
  const Strand strand_;
  std::shared_ptr<Resolver> resolver_;
  std::unique_ptr<char[]> scratch_;
  Timer sweep_;
  bool sweeping_ = false;
  bool closed_ = false;
  std::size_t idle_count_ = 0;
  std::unordered_map<std::string, std::vector<std::shared_ptr<PlainConnection>>> idle_;
  std::unordered_set<std::shared_ptr<PlainHop>> hops_;
};

}  // namespace narthex::net
