// SPDX-License-Identifier: Apache-2.0
// connection.hpp - one client of the server.
//
//        bytes            head complete           body complete           answer made
//   kHead ----> kHead ---------------> kBody --------------> kHandling -------------> kWriting
//     ^  take_head()      take_head()         take_body()      (a lane)    answer()       |
//     +---------------------------------------- finish_answer(), keep-alive --------------+
//   A handler's thread may write the answer itself (direct_answer.hpp): kHandling then lasts until
//   settle() finds it given, and goes on as after kWriting.
//   Where passwords are asked for, a request whose pair is not known yet waits in kAuthorizing
//   between its head and its body: begin_exchange() -> kAuthorizing -> on_verdict() -> as above.
//   refusals and `Connection: close`: kWriting -> kLinger (reads and drops, so that the answer
//   arrives) -> kClosed. Between requests the state is kHead and every buffer is released: what is
//   left is this object and a parked wait.
//
// Lives on the strand of its Front.
#pragma once

#include "net/direct_answer.hpp"
#include "net/exchange.hpp"
#include "net/transport.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace narthex::net {

class Front;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket =
      boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                       boost::asio::strand<boost::asio::io_context::executor_type>>;
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  Connection(std::shared_ptr<Front> front, Socket socket, std::unique_ptr<Transport> transport,
             boost::asio::ip::tcp::endpoint peer);
  ~Connection();

  // Parks until the client sends something.
  void start();
  // Answers without having read anything, and closes.
  void turn_away();
  // Of the exchange in work; ignored once the connection is closed.
  void answer(Answer answer);
  void on_pipe();
  void on_deadline(std::int64_t now_ns);
  std::int64_t deadline_ns() const { return deadline_ns_; }
  // Closes unless an exchange is in work; that one is answered first.
  void close_when_idle();
  void cancel();
  void close();

  std::size_t place = 0;  // in the front's list

 private:
  enum class State { kHead, kAuthorizing, kBody, kHandling, kWriting, kLinger, kClosed };
  struct Incoming;
  struct Outgoing;

  using WaitType = boost::asio::socket_base::wait_type;
  void wait_readable();
  void wait_to_read(WaitType type);
  void wait_to_write(WaitType type);
  void on_readable();
  void on_read_failed();
  void note_handshake();
  void on_bytes(std::string_view bytes);
  void on_peer_closed();
  bool wants_bytes() const;
  bool endless() const;

  std::string_view consume(std::string_view bytes);
  std::size_t take_head(std::string_view bytes);
  std::size_t take_body(std::string_view bytes);
  void begin_exchange(RequestHead head);
  void authorize();
  void on_verdict(bool allowed);
  void deny();
  void proceed();
  bool answer_without_handler();
  void begin_body();
  void hand_over();
  void refuse(int status, std::string_view reason);
  void answer_text(int status, std::string_view text, Params headers);

  void flush();
  bool write_some();
  void finish_answer();
  bool settle();
  void consume_unread();
  void count_answer();
  void park();
  void linger();
  void set_deadline(std::int64_t deadline_ns);
  void check_body_pace(std::int64_t now_ns);

  const std::shared_ptr<Front> front_;
  Socket socket_;
  std::unique_ptr<Transport> transport_;
  const boost::asio::ip::tcp::endpoint peer_;
  State state_ = State::kHead;
  bool reading_ = false;
  bool writing_ = false;
  bool consuming_ = false;
  bool head_begun_ = false;
  bool peer_closed_ = false;
  bool close_after_ = false;
  bool refused_ = false;    // an answer was given before the request was read
  bool shaking_hands_;      // TLS is not established yet
  bool more_came_ = false;  // bytes behind the request that is being taken
  std::int64_t deadline_ns_ = kNever;
  std::string unread_;  // bytes that came before their turn
  std::size_t scanned_ = 0;
  std::uint64_t dropped_ = 0;  // while lingering
  std::unique_ptr<Incoming> incoming_;
  std::unique_ptr<Outgoing> outgoing_;
  // Of the exchange in work.
  std::shared_ptr<DirectAnswer> direct_;  // null: its answer comes by the strand
  std::shared_ptr<runtime::Cancellation> cancellation_;
  std::shared_ptr<RouteEntry> route_;
  std::int64_t started_ns_ = 0;
};

}  // namespace narthex::net
