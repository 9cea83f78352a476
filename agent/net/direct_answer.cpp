// SPDX-License-Identifier: Apache-2.0
#include "net/direct_answer.hpp"

#include "net/transport.hpp"

#include <algorithm>
#include <array>

namespace narthex::net {
namespace {

// What a socket usually takes at once.
constexpr std::size_t kDirectBytesMax = 16 << 10;

}  // namespace

bool DirectAnswer::give(Answer& answer) {
  const std::size_t size = answer.head.size() + answer.body.size();
  if (answer.pipe != nullptr || answer.close || size > kDirectBytesMax) return false;
  const std::lock_guard lock(mutex_);
  if (state_ != State::kOpen) return false;
  state_ = State::kTaken;
  if (account_.route != nullptr) {
    const double seconds = static_cast<double>(clock_.mono_ns() - account_.started_ns) * 1e-9;
    account_.route->metrics().count(answer.status, seconds, answer.body.size());
  }
  answer.counted = true;
  const std::array<iovec, 2> parts{
      {{answer.head.data(), answer.head.size()}, {answer.body.data(), answer.body.size()}}};
  const IoResult result = PlainTransport(descriptor_).write(parts);
  // Whoever cannot be written to now, or ever, is left to the strand.
  if (result.state != IoResult::State::kDone) return false;
  if (result.bytes == size) {
    state_ = State::kGiven;
    return true;
  }
  const std::size_t of_head = std::min(answer.head.size(), result.bytes);
  answer.head.erase(0, of_head);
  answer.body.erase(0, result.bytes - of_head);
  return false;
}

bool DirectAnswer::take_back() {
  const std::lock_guard lock(mutex_);
  const bool given = state_ == State::kGiven;
  state_ = State::kTaken;
  return given;
}

}  // namespace narthex::net
