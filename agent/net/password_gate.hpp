// SPDX-License-Identifier: Apache-2.0
// password_gate.hpp - basic authentication against bcrypt hashes, without a storm of them.
//
// bcrypt is slow by intent, and dashboards send the same pair with every request. What was found
// about a pair is kept under HMAC-SHA256(key of this process, user, hash, password): no password
// stays in memory, a new hash makes a new entry, and nobody can aim at one (CVE-2022-46146). Pairs
// that were right and pairs that were wrong are kept apart, so that guessing cannot push out those
// who are in. Each is bounded, the oldest go first.
//
// A pair that is not known yet is checked once, however many requests wait for it, on a lane of its
// own with few threads and a bounded queue: guessing costs the guesser's turn, not the server's
// cores. An unknown user costs as much as a wrong password.
//
// Lives on the strand of the server.
#pragma once

#include "net/lane_queue.hpp"
#include "net/options.hpp"
#include "telemetry/metrics.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::net {

struct UserPassword {
  std::string user;
  Secret password;
};
// Of an Authorization header, as Go's BasicAuth() reads it.
std::optional<UserPassword> parse_basic(std::string_view header);

class PasswordGate : public std::enable_shared_from_this<PasswordGate> {
 public:
  using Users = std::map<std::string, Secret>;
  using Verdict = std::function<void(bool allowed)>;
  using OnStrand = std::function<void(runtime::Task)>;

  // REQUIRES: at least one user. checks counts runs of bcrypt. All but
  // the runs are on a strand; on_strand runs a task there, from any thread.
  PasswordGate(Users users, std::shared_ptr<LaneQueue> lane, OnStrand on_strand,
               telemetry::Counter& checks);

  const Users& users() const { return users_; }
  // What is known about a pair already.
  std::optional<bool> known(const UserPassword& pair) const;
  // Finds it out and says so later. False: too many pairs are being checked.
  bool check(const UserPassword& pair, Verdict verdict);

 private:
  using Mark = std::array<unsigned char, 32>;
  struct MarkHash {
    std::size_t operator()(const Mark& mark) const;
  };
  struct SameMark {
    bool operator()(const Mark& a, const Mark& b) const;
  };
  struct Memory {
    std::unordered_map<Mark, bool, MarkHash, SameMark> verdicts;
    std::deque<Mark> order;  // oldest first
    void keep(const Mark& mark, bool verdict);
  };

  const std::string& hash_of(const std::string& user) const;
  Mark mark_of(const UserPassword& pair) const;
  void decide(const Mark& mark, bool allowed);

  const Users users_;
  const std::shared_ptr<LaneQueue> lane_;
  const OnStrand on_strand_;
  telemetry::Counter& checks_;
  Mark key_;
  Memory right_, wrong_;
  std::unordered_map<Mark, std::vector<Verdict>, MarkHash, SameMark> waiting_;
};

}  // namespace narthex::net
