// SPDX-License-Identifier: Apache-2.0
// fair_queue.hpp - who is next: of the clients that wait, the one with the fewest queries running;
// of equals the one whose last turn was longest ago, then the one that has waited longest. So a
// client that asks for forty things at once delays itself and nobody else. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace narthex::query {

class FairQueue {
 public:
  void push(std::uint64_t id, const std::string& client);
  // The next one; it counts as running from here on, until ended().
  std::optional<std::uint64_t> pop();
  // False: it does not wait.
  bool remove(std::uint64_t id, const std::string& client);
  // For a query that never waited.
  void began(const std::string& client) { begin(clients_[client]); }
  void ended(const std::string& client);
  std::size_t size() const { return size_; }

 private:
  struct Client {
    std::map<std::uint64_t, std::uint64_t> waiting;  // id by turn
    int running = 0;
    std::uint64_t last_turn = 0;
  };
  using Clients = std::map<std::string, Client>;
  void begin(Client& client) {
    ++client.running;
    client.last_turn = ++turn_;
  }
  void forget_if_idle(Clients::iterator client);

  Clients clients_;  // those that wait or run
  std::uint64_t turn_ = 0;
  std::size_t size_ = 0;
};

}  // namespace narthex::query
