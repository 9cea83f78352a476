// SPDX-License-Identifier: Apache-2.0
#include "net/body_pipe.hpp"

#include <utility>

namespace narthex::net {

void BodyPipe::append(std::string bytes, std::unique_lock<std::mutex>& lock) {
  on_the_way_ += bytes.size();
  if (pending_.empty()) {
    pending_ = std::move(bytes);
  } else {
    pending_.append(bytes);
  }
  const bool wake = !std::exchange(woken_, true);
  lock.unlock();
  if (wake) wake_();
}

bool BodyPipe::push(std::string bytes) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return broken_ || on_the_way_ < capacity_; });
  if (broken_ || ended_) return false;
  append(std::move(bytes), lock);
  return true;
}

bool BodyPipe::try_push(std::string bytes) {
  std::unique_lock lock(mutex_);
  if (broken_ || ended_ || on_the_way_ + bytes.size() > capacity_) return false;
  append(std::move(bytes), lock);
  return true;
}

void BodyPipe::end() {
  std::unique_lock lock(mutex_);
  if (std::exchange(ended_, true)) return;
  const bool wake = !broken_ && !std::exchange(woken_, true);
  lock.unlock();
  if (wake) wake_();
}

void BodyPipe::fail() {
  {
    const std::lock_guard lock(mutex_);
    failed_ = true;
  }
  end();
}

bool BodyPipe::open() const {
  const std::lock_guard lock(mutex_);
  return !broken_ && !ended_;
}

BodyPipe::Piece BodyPipe::take() {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  return {std::exchange(pending_, {}), ended_, failed_};
}

void BodyPipe::written(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  on_the_way_ -= bytes;
  if (on_the_way_ < capacity_) room_.notify_all();
}

bool BodyPipe::half_empty() const {
  const std::lock_guard lock(mutex_);
  return on_the_way_ <= capacity_ / 2;
}

void BodyPipe::break_off() {
  const std::lock_guard lock(mutex_);
  broken_ = true;
  pending_ = {};
  room_.notify_all();
}

}  // namespace narthex::net
