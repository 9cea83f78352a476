// SPDX-License-Identifier: Apache-2.0
// direct_answer.hpp - the short way of an answer: the handler's thread writes it to the socket and
// wakes nobody. The connection finds it given when it is looked at next: when the client sends more
// or leaves, at its deadline, at the end of the server.
//
//   open --give(), all of it written--> given
//   open --take_back(), or give() could not write all--> taken: the answer goes by the strand
#pragma once

#include "net/exchange.hpp"
#include "runtime/clock.hpp"

#include <cstdint>
#include <memory>
#include <mutex>

namespace narthex::net {

// Of one exchange, shared by its connection and its handler. Thread-safe.
class DirectAnswer {
 public:
  // What is counted when the answer is given.
  struct Account {
    std::shared_ptr<RouteEntry> route;  // null: nothing is
    std::int64_t started_ns = 0;
  };
  // The descriptor and the clock are used before take_back() has returned only.
  DirectAnswer(int descriptor, const runtime::Clock& clock, Account account)
      : descriptor_(descriptor), clock_(clock), account_(std::move(account)) {}

  // For the handler: true when the answer is on its way. Else what is left of it goes by the
  // strand.
  bool give(Answer& answer);
  // For the connection, on its strand: from now on answers go by the strand. True: it was given.
  bool take_back();

 private:
  enum class State { kOpen, kGiven, kTaken };

  const int descriptor_;
  const runtime::Clock& clock_;
  const Account account_;
  std::mutex mutex_;
  State state_ = State::kOpen;  // guarded by mutex_
};

}  // namespace narthex::net
