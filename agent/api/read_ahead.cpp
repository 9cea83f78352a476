// SPDX-License-Identifier: Apache-2.0
#include "api/read_ahead.hpp"

#include <utility>

namespace narthex::api {

namespace {

// A block with less was the last one, or is read faster than it is handed over.
constexpr std::uint64_t kWorthwhileSamples = 32'768;

}  // namespace

ReadAhead::ReadAhead(std::unique_ptr<promql::BlockCursor> cursor, runtime::Executor& executor)
    : cursor_(std::move(cursor)), reading_(executor, [this] { found_ = cursor_->next(); }) {}

ReadAhead::~ReadAhead() {
  reading_.finish();
  cursor_.reset();
  if (kept_ != nullptr) kept_->release(kept_);
}

bool ReadAhead::next() {
  if (!reading_.finish()) found_ = cursor_->next();
  if (!found_) return false;
  take_block();
  return true;
}

// From here on the block is valid until the next call, wherever the cursor is.
void ReadAhead::take_block() {
  if (kept_ != nullptr) kept_->release(kept_);
  block_ = cursor_->block();
  kept_ = block_.owner;
  if (kept_ == nullptr) return;
  kept_->retain(kept_);
  if (block_.sample_count >= kWorthwhileSamples) reading_.begin();
}

}  // namespace narthex::api
