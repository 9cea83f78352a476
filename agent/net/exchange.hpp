// SPDX-License-Identifier: Apache-2.0
// exchange.hpp - one request on its way from the connection to a handler, and what comes back.
// Belongs to one side at a time: the connection hands it to a lane, the lane hands an Answer back.
#pragma once

#include "net/body_pipe.hpp"
#include "net/http.hpp"
#include "net/request_head.hpp"
#include "net/router.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace narthex::net {

// What all request bodies together may hold, and the memory of some that are done: taking it again
// costs less than allocating it. Thread-safe.
class BodyBudget {
 public:
  explicit BodyBudget(std::uint64_t max_bytes) : max_(static_cast<std::int64_t>(max_bytes)) {}
  bool take(std::size_t bytes) {
    const auto size = static_cast<std::int64_t>(bytes);
    if (used_.fetch_add(size) + size <= max_) return true;
    used_.fetch_sub(size);
    return false;
  }
  void give_back(std::size_t bytes) { used_.fetch_sub(static_cast<std::int64_t>(bytes)); }

  // An empty string with room for so many bytes.
  std::string take_memory(std::size_t bytes) {
    std::string memory;
    {
      const std::lock_guard lock(mutex_);
      if (!spare_.empty()) {
        memory.swap(spare_.back());
        spare_.pop_back();
      }
    }
    memory.reserve(bytes);
    return memory;
  }
  void give_memory(std::string memory) {
    if (memory.capacity() < kSpareBytesMin || memory.capacity() > kSpareBytesMax) return;
    memory.clear();
    const std::lock_guard lock(mutex_);
    if (spare_.size() < kSpareMax) spare_.push_back(std::move(memory));
  }

 private:
  static constexpr std::size_t kSpareMax = 8;
  static constexpr std::size_t kSpareBytesMin = 1 << 10;
  static constexpr std::size_t kSpareBytesMax = 64 << 10;

  const std::int64_t max_;
  std::atomic<std::int64_t> used_{0};
  std::mutex mutex_;
  std::vector<std::string> spare_;  // guarded by mutex_
};

struct Exchange {
  explicit Exchange(std::shared_ptr<BodyBudget> budget) : body_budget(std::move(budget)) {}
  ~Exchange() { body_budget->give_back(body_charged); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  RequestHead head;
  std::shared_ptr<RouteEntry> route;  // none: the fallback
  Params path_params;
  bool cors = false;
  std::uint64_t body_max_bytes = 0;
  std::shared_ptr<const Params> configured;  // headers of its answer; null: none
  std::string body;                          // as it came, without chunk framing
  std::string remote;
  std::int64_t received_ms = 0;
  std::int64_t started_ns = 0;
  std::shared_ptr<runtime::Cancellation> cancellation;

  std::shared_ptr<BodyBudget> body_budget;
  std::size_t body_charged = 0;
  std::shared_ptr<void> counted;  // as a call that the server waits for when it stops
};

// What the connection sends. With a pipe, the bytes behind head and body come from there.
struct Answer {
  int status = 200;
  std::string head;
  std::string body;
  bool close = false;
  bool endless = false;  // events: nobody waits for their end
  bool counted = false;  // by whoever tried to write it
  std::shared_ptr<BodyPipe> pipe;
  std::function<void()> refill;  // set: run it on the lane whenever the pipe has room
};

// How a handler's thread reaches the connection. Thread-safe; calls after the connection ended do
// nothing.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void answer(Answer answer) = 0;
  // A pipe of this connection.
  virtual std::shared_ptr<BodyPipe> make_pipe(std::size_t capacity_bytes) = 0;
};

}  // namespace narthex::net
