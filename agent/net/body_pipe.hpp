// SPDX-License-Identifier: Apache-2.0
// body_pipe.hpp - carries the bytes of a streamed answer from a handler's thread to the connection,
// bounded. The writing side: push, try_push, end. The reading side (the connection): take, written,
// break_off. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

namespace narthex::net {

class BodyPipe {
 public:
  // wake() is called when there is something to take after take() has seen all; it must not block.
  BodyPipe(std::size_t capacity_bytes, std::function<void()> wake)
      : capacity_(capacity_bytes), wake_(std::move(wake)) {}

  // Waits while the pipe is full. False once the reader is gone.
  bool push(std::string bytes);
  // False when the reader is gone or the bytes do not fit.
  bool try_push(std::string bytes);
  // Nothing follows. Idempotent.
  void end();
  // The answer cannot be completed: the reader must cut it off visibly.
  void fail();
  bool open() const;

  struct Piece {
    std::string bytes;
    bool ended = false;
    bool failed = false;
  };
  Piece take();
  // Bytes that were taken have left; makes room.
  void written(std::size_t bytes);
  bool half_empty() const;
  void break_off();

 private:
  void append(std::string bytes, std::unique_lock<std::mutex>& lock);

  const std::size_t capacity_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::string pending_;         // guarded by mutex_, as all below
  std::size_t on_the_way_ = 0;  // pending and taken but not written
  bool ended_ = false;
  bool failed_ = false;
  bool broken_ = false;
  bool woken_ = false;
};

}  // namespace narthex::net
