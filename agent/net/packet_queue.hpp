// SPDX-License-Identifier: Apache-2.0
// packet_queue.hpp - what sockets have received and nobody has taken yet, in order. Bounded by the
// readers: they ask has_room() before they read, so that it holds at most one read more than its
// limit. Thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace narthex::net {

// One datagram, or a run of whole lines of a stream.
struct Packet {
  std::string bytes;
  std::shared_ptr<const std::string> peer;  // "127.0.0.1:51234"
};

class PacketQueue {
 public:
  explicit PacketQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  bool has_room() const {
    const std::lock_guard lock(mutex_);
    return bytes_ < bytes_max_;
  }
  // True when it was empty before: whoever takes should be told.
  bool push(Packet packet) {
    const std::lock_guard lock(mutex_);
    bytes_ += cost(packet);
    packets_.push_back(std::move(packet));
    return packets_.size() == 1;
  }
  struct Taken {
    std::vector<Packet> packets;  // empty: there were none
    bool made_room = false;       // readers that found it full may go on
  };
  // The oldest packets, at least one and about bytes_max bytes at most.
  Taken take(std::size_t bytes_max) {
    Taken taken;
    const std::lock_guard lock(mutex_);
    const bool was_full = bytes_ >= bytes_max_;
    for (std::size_t bytes = 0; !packets_.empty() && bytes < bytes_max; packets_.pop_front()) {
      bytes += packets_.front().bytes.size();
      bytes_ -= cost(packets_.front());
      taken.packets.push_back(std::move(packets_.front()));
    }
    taken.made_room = was_full && bytes_ < bytes_max_;
    return taken;
  }

 private:
  static std::size_t cost(const Packet& packet) { return packet.bytes.size() + sizeof(Packet); }

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::deque<Packet> packets_;  // guarded by mutex_, as below
  std::size_t bytes_ = 0;
};

}  // namespace narthex::net
