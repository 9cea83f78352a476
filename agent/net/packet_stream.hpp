// SPDX-License-Identifier: Apache-2.0
// packet_stream.hpp - one TCP connection of a sender of lines. Lives on the front's strand.
#pragma once

#include "net/line_splitter.hpp"
#include "net/packet_front.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace narthex::net {

class PacketStream : public std::enable_shared_from_this<PacketStream> {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, PacketFront::Strand>;

  PacketStream(std::shared_ptr<PacketFront> front, Socket socket, std::string peer);
  void start() { wait(); }
  // Reads what the sender had sent by now, and closes.
  void drain();
  void close();
  std::int64_t last_heard_ns() const { return last_heard_ns_; }

  std::size_t place = 0;  // in the front's list

 private:
  enum class Heard { kSome, kNothing, kEnd };
  void wait();
  void read_some();
  Heard read(std::size_t bytes_max);
  void hand_over(std::string lines);
  void end(bool orderly);

  const std::shared_ptr<PacketFront> front_;
  Socket socket_;
  const std::shared_ptr<const std::string> peer_;
  LineSplitter splitter_;
  std::int64_t last_heard_ns_;
  std::size_t last_read_ = 0;
  bool closed_ = false;
};

}  // namespace narthex::net
