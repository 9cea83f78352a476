// SPDX-License-Identifier: Apache-2.0
#include "api/read_ahead.hpp"

#include <utility>

namespace narthex::api {

namespace {

// A block with less was the last one, or is read faster than it is handed over.
constexpr std::uint64_t kWorthwhileSamples = 32'768;

}  // namespace

ReadAhead::ReadAhead(std::unique_ptr<promql::BlockCursor> cursor, runtime::Executor& executor)
    : reading_(std::make_shared<Reading>(std::move(cursor))), executor_(executor) {}

ReadAhead::~ReadAhead() {
  std::unique_lock lock(reading_->mutex);
  reading_->done.wait(lock, [this] { return reading_->state != Reading::State::kRunning; });
  reading_->state = Reading::State::kIdle;
  lock.unlock();
  reading_->cursor.reset();
  if (kept_ != nullptr) kept_->release(kept_);
}

bool ReadAhead::next() {
  Reading& reading = *reading_;
  std::unique_lock lock(reading.mutex);
  reading.done.wait(lock, [&] { return reading.state != Reading::State::kRunning; });
  const bool ready = std::exchange(reading.state, Reading::State::kIdle) == Reading::State::kDone;
  lock.unlock();
  if (!ready) reading.found = reading.cursor->next();
  if (!reading.found) return false;
  take_block();
  return true;
}

// From here on the block is valid until the next call, wherever the cursor is.
void ReadAhead::take_block() {
  if (kept_ != nullptr) kept_->release(kept_);
  block_ = reading_->cursor->block();
  kept_ = block_.owner;
  if (kept_ == nullptr) return;
  kept_->retain(kept_);
  if (block_.sample_count >= kWorthwhileSamples) begin_next();
}

void ReadAhead::begin_next() {
  {
    const std::lock_guard lock(reading_->mutex);
    reading_->state = Reading::State::kWanted;
    // One that has not begun will do: where all threads are busy, tasks must not pile up.
    if (std::exchange(reading_->posted, true)) return;
  }
  executor_.post(runtime::Pool::kQuery, [reading = reading_] { reading->run(); });
}

void ReadAhead::Reading::run() {
  {
    const std::lock_guard lock(mutex);
    posted = false;
    if (state != State::kWanted) return;
    state = State::kRunning;
  }
  found = cursor->next();
  const std::lock_guard lock(mutex);
  state = State::kDone;
  done.notify_one();
}

}  // namespace narthex::api
