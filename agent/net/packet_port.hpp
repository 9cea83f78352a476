// SPDX-License-Identifier: Apache-2.0
// packet_port.hpp - the UDP socket of a packet server. Lives on the front's strand.
#pragma once

#include "net/packet_front.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace narthex::net {

class PacketPort : public std::enable_shared_from_this<PacketPort> {
 public:
  using Socket = boost::asio::basic_datagram_socket<boost::asio::ip::udp, PacketFront::Strand>;

  PacketPort(PacketFront& front, Socket socket);
  void start() { wait(); }
  // Reads what the kernel holds, and closes.
  void drain();
  void close();

 private:
  void wait();
  void read_some();
  bool read();
  void note_peer(const boost::asio::ip::udp::endpoint& peer);
  void note_drops(std::uint32_t total);

  PacketFront& front_;  // outlives the socket: it closes it
  Socket socket_;
  boost::asio::ip::udp::endpoint last_peer_;
  std::shared_ptr<const std::string> peer_;  // the text of last_peer_
  std::uint32_t drops_ = 0;                  // what the kernel said last
  bool closed_ = false;
};

}  // namespace narthex::net
