// SPDX-License-Identifier: Apache-2.0
#include "storage/index/epochs.hpp"

#include <algorithm>

namespace narthex::storage::index {

Epochs::~Epochs() {
  for (const Retired& r : retired_) r.free(r.object);
}

std::uint64_t Epochs::enter() {
  const std::lock_guard lock(mutex_);
  readers_.push_back(epoch_);
  return epoch_;
}

void Epochs::leave(std::uint64_t entered) {
  const std::lock_guard lock(mutex_);
  const auto at = std::find(readers_.begin(), readers_.end(), entered);
  *at = readers_.back();
  readers_.pop_back();
}

std::uint64_t Epochs::retire(void* object, void (*free)(void*), std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  retired_.push_back({epoch_, object, free, bytes});
  waiting_bytes_ += bytes;
  // Readers that enter from here on have a greater epoch: they cannot reach the object.
  return epoch_++;
}

bool Epochs::passed(std::uint64_t epoch) const {
  const std::lock_guard lock(mutex_);
  return epoch < oldest_reader();
}

std::uint64_t Epochs::oldest_reader() const {
  const auto oldest = std::min_element(readers_.begin(), readers_.end());
  return oldest == readers_.end() ? UINT64_MAX : *oldest;
}

void Epochs::collect() {
  std::vector<Retired> free;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t oldest = oldest_reader();
    while (!retired_.empty() && retired_.front().epoch < oldest) {
      waiting_bytes_ -= retired_.front().bytes;
      free.push_back(retired_.front());
      retired_.pop_front();
    }
  }
  for (const Retired& r : free) r.free(r.object);
}

void Epochs::collect_much() {
  constexpr std::size_t kMuch = std::size_t{256} << 10;
  if (waiting_bytes() >= kMuch) collect();
}

std::size_t Epochs::waiting_bytes() const {
  const std::lock_guard lock(mutex_);
  return waiting_bytes_;
}

}  // namespace narthex::storage::index
