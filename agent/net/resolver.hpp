// SPDX-License-Identifier: Apache-2.0
// resolver.hpp - host names to addresses: numbers at once, names by getaddrinfo on a worker with a
// small cache, and one look-up at a time for a name. (Asio would resolve on a single thread of its
// own, where one dead server stalls every target.) Lives on the strand of the client.
#pragma once

#include "runtime/executor.hpp"

#include <narthex/sdk/result.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace narthex::net {

class Resolver : public std::enable_shared_from_this<Resolver> {
 public:
  using Addresses = std::vector<boost::asio::ip::address>;
  using Done = std::function<void(const Result<Addresses>&)>;
  // Runs a task on the client's strand, from any thread.
  using OnStrand = std::function<void(runtime::Task)>;

  Resolver(runtime::Executor& executor, OnStrand on_strand)
      : executor_(executor), on_strand_(std::move(on_strand)) {}

  // May call done before it returns.
  void resolve(const std::string& host, Done done);
  // Forgets what is waiting.
  void close() { entries_.clear(); }

 private:
  struct Entry {
    Result<Addresses> addresses = Addresses();
    std::int64_t good_until_ns = 0;
    bool asking = false;
    std::vector<Done> waiting;
  };
  void ask(const std::string& host);
  void on_answer(const std::string& host, Result<Addresses> addresses);
  void make_room();

  runtime::Executor& executor_;
  const OnStrand on_strand_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace narthex::net
