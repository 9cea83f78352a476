// SPDX-License-Identifier: Apache-2.0
// ticket.hpp - one query from its arrival to its end: what it is, who asked, how far it is, and the
// way to end it early. Thread-safe; shared by the service and by whoever runs the query.
#pragma once

#include "promql/engine.hpp"
#include "promql/memory.hpp"
#include "runtime/cancel.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace narthex::query {

struct Request {
  std::string text;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t step_ms = 0;           // 0: an instant query
  std::string client;                 // an address without a port: queries of one share its turns
  std::string method;                 // "GET"; empty: not asked over HTTP
  std::string path;                   // "/api/v1/query"
  std::int64_t received_mono_ns = 0;  // from here on it counts as waiting
  std::int64_t deadline_mono_ns = 0;  // waiting and running together
};

enum class State : std::uint8_t { kQueued, kRunning };
enum class Ending : std::uint8_t { kNone, kClient, kKilled, kShutdown, kDeadline };

class Ticket {
 public:
  Ticket(std::uint64_t id, Request asked, std::int64_t begun_ms, std::uint64_t memory_max,
         std::shared_ptr<promql::MemoryPool> pool)
      : id_(id),
        request_(std::move(asked)),
        begun_ms_(begun_ms),
        memory_(std::make_shared<promql::MemoryMeter>(memory_max, std::move(pool))) {}

  std::uint64_t id() const { return id_; }
  const Request& request() const { return request_; }
  std::int64_t begun_ms() const { return begun_ms_; }
  State state() const { return state_; }
  std::int64_t queued_ns() const { return queued_ns_; }  // how long it waited, once it runs
  runtime::Cancellation& cancellation() { return cancellation_; }
  const std::shared_ptr<promql::MemoryMeter>& memory() const { return memory_; }
  promql::RunProgress& progress() { return progress_; }
  std::uint64_t samples() const { return progress_.samples; }  // read so far

  // Ends it early; the first reason counts.
  void end(Ending why) {
    Ending none = Ending::kNone;
    ending_.compare_exchange_strong(none, why);
    cancellation_.cancel();
  }
  Ending ending() const { return ending_; }

 private:
  friend class Service;

  const std::uint64_t id_;
  const Request request_;
  const std::int64_t begun_ms_;
  const std::shared_ptr<promql::MemoryMeter> memory_;
  promql::RunProgress progress_;
  std::atomic<State> state_{State::kQueued};
  std::atomic<Ending> ending_{Ending::kNone};
  std::atomic<std::int64_t> queued_ns_{0};
  runtime::Cancellation cancellation_;
};

}  // namespace narthex::query
