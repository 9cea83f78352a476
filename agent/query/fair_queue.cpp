// SPDX-License-Identifier: Apache-2.0
#include "query/fair_queue.hpp"

#include <algorithm>
#include <tuple>

namespace narthex::query {

void FairQueue::push(std::uint64_t id, const std::string& client) {
  clients_[client].waiting.emplace(++turn_, id);
  ++size_;
}

std::optional<std::uint64_t> FairQueue::pop() {
  Client* next = nullptr;
  for (auto& [name, client] : clients_) {
    if (client.waiting.empty()) continue;
    const auto order = [](const Client& c) {
      return std::tuple(c.running, c.last_turn, c.waiting.begin()->first);
    };
    if (next == nullptr || order(client) < order(*next)) next = &client;
  }
  if (next == nullptr) return std::nullopt;
  const std::uint64_t id = next->waiting.begin()->second;
  next->waiting.erase(next->waiting.begin());
  begin(*next);
  --size_;
  return id;
}

bool FairQueue::remove(std::uint64_t id, const std::string& client) {
  const auto known = clients_.find(client);
  if (known == clients_.end()) return false;
  auto& waiting = known->second.waiting;
  const auto found = std::find_if(waiting.begin(), waiting.end(),
                                  [id](const auto& entry) { return entry.second == id; });
  if (found == waiting.end()) return false;
  waiting.erase(found);
  --size_;
  forget_if_idle(known);
  return true;
}

void FairQueue::ended(const std::string& client) {
  const auto known = clients_.find(client);
  if (known == clients_.end()) return;
  --known->second.running;
  forget_if_idle(known);
}

void FairQueue::forget_if_idle(Clients::iterator client) {
  if (client->second.running == 0 && client->second.waiting.empty()) clients_.erase(client);
}

}  // namespace narthex::query
