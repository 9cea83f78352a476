// SPDX-License-Identifier: Apache-2.0
// connection_parts.hpp - what the .cpp files of Connection share; no other file includes it.
#pragma once

#include "net/answer.hpp"
#include "net/chunked.hpp"
#include "net/connection.hpp"
#include "net/exchange.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace narthex::net {

inline constexpr std::int64_t kMillisecond = 1'000'000;
inline constexpr std::int64_t kSecond = 1000 * kMillisecond;

// Alive from the blank line of a request until it is handed over.
struct Connection::Incoming {
  explicit Incoming(std::shared_ptr<Exchange> e)
      : exchange(std::move(e)), decoder(ChunkedDecoder::LineEnds::kStrict) {}
  std::shared_ptr<Exchange> exchange;
  ChunkedDecoder decoder;
  std::uint64_t left = 0;
  std::int64_t began_ns = 0;
  std::string allow;  // methods of its path, where no route takes this one
};

// Alive while an answer is being written.
struct Connection::Outgoing {
  explicit Outgoing(Answer a) : answer(std::move(a)) {}
  Answer answer;
  std::size_t head_left = 0;
  std::size_t body_left = 0;
  bool from_pipe = false;  // the body being written came out of the pipe
  bool ended = false;
  std::uint64_t body_bytes = 0;
};

}  // namespace narthex::net
