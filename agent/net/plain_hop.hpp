// SPDX-License-Identifier: Apache-2.0
// plain_hop.hpp - one exchange of the plain engine, and the connections it runs over.
//
//   start: idle connection? ---yes--> send -> read ... -> done, connection kept or closed
//             | no                      ^        | closed before the first byte, and it was an idle
//             one v                         |        v
//          resolve -> dial each address-+<---- dial (once)
//
// Lives on the strand of its engine.
#pragma once

#include "net/hop.hpp"
#include "net/plain_engine.hpp"
#include "net/response_parser.hpp"
#include "net/transport.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace narthex::net {

// A connected socket. At most one hop uses it at a time.
class PlainConnection : public std::enable_shared_from_this<PlainConnection> {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, PlainEngine::Strand>;
  PlainConnection(std::shared_ptr<PlainEngine> engine, std::string place)
      : key(std::move(place)), socket(engine->strand()), engine_(std::move(engine)) {}

  void wait_readable();
  void wait_writable();
  void close();

  const std::string key;  // "host:port"
  Socket socket;
  std::unique_ptr<Transport> transport;  // once connected
  PlainHop* user = nullptr;
  std::int64_t idle_until_ns = 0;
  std::size_t last_body_bytes = 0;

 private:
  const std::shared_ptr<PlainEngine> engine_;
  bool reading_ = false;
};

class PlainHop final : public HopInFlight, public std::enable_shared_from_this<PlainHop> {
 public:
  PlainHop(std::shared_ptr<PlainEngine> engine, Hop hop, HopDone done);

  void start();
  void abandon() override;
  void fail(Status failure);
  void on_readable();
  void on_writable() { send(); }

 private:
  void arm_deadline();
  void on_deadline();
  void resolve();
  void dial();
  void on_connected(boost::system::error_code error);
  void use(std::shared_ptr<PlainConnection> connection);
  void send();
  void on_stream_end(int error);
  bool retry();
  void finish(HopOutcome outcome);
  void complete();
  std::string request_head() const;

  const std::shared_ptr<PlainEngine> engine_;
  Hop hop_;
  HopDone done_;
  PlainEngine::Timer deadline_;
  PlainEngine::Timer dial_deadline_;
  std::string key_;
  std::string head_;
  std::size_t sent_ = 0;
  bool reused_ = false;
  bool ended_ = false;
  std::shared_ptr<PlainConnection> connection_;
  Resolver::Addresses addresses_;
  std::size_t next_address_ = 0;
  Status first_failure_;
  std::optional<ResponseParser> parser_;
};

}  // namespace narthex::net
