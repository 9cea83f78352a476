// SPDX-License-Identifier: Apache-2.0
#include "api/read_ahead.hpp"

#include "promql/joined_cursor.hpp"
#include "runtime/work_ahead.hpp"

#include <algorithm>
#include <utility>

namespace narthex::api {

namespace {

constexpr std::size_t kRunMax = 4;
constexpr int kPauseMax = 15;

// A block with less was the last one.
constexpr std::uint64_t kFullBlockSamples = promql::kBlockSamples / 8 * 7;

void retain(const nx_block& block) {
  if (block.owner != nullptr) block.owner->retain(block.owner);
}
void release(const nx_block& block) {
  if (block.owner != nullptr) block.owner->release(block.owner);
}

}  // namespace

class ReadAhead::Part {
 public:
  Part(std::unique_ptr<promql::BlockCursor> cursor, runtime::Executor& executor)
      : cursor_(std::move(cursor)), reading_(executor, [this] { read_run(); }) {}
  ~Part() {
    (void)reading_.finish();
    run_.insert(run_.end(), next_run_.begin(), next_run_.end());
    for (; taken_ < run_.size(); ++taken_) release(run_[taken_]);
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  // REQUIRES: nothing was read yet.
  std::unique_ptr<Part> split(runtime::Executor& executor) {
    std::unique_ptr<promql::BlockCursor> half = cursor_->split();
    return half == nullptr ? nullptr : std::make_unique<Part>(std::move(half), executor);
  }
  void begin() {
    asked_ = true;
    reading_.begin();
  }
  void help() { reading_.help(); }
  // Whether its next block is being read by somebody else.
  bool waits() const { return taken_ == run_.size() && reading_.is_running(); }
  // The next block, which becomes the caller's to release. False at the end and after a failure.
  bool take(nx_block& out) {
    if (taken_ == run_.size() && !fetch()) return false;
    out = run_[taken_++];
    return true;
  }
  Status status() const { return cursor_->status(); }

 private:
  // What whoever reads does.
  void read_run() {
    while (next_run_.size() < run_size_) {
      ended_ = !cursor_->next();
      if (ended_) return;
      next_run_.push_back(cursor_->block());
      retain(next_run_.back());
      // Without an owner it is valid until the cursor moves on.
      if (next_run_.back().owner == nullptr) return;
    }
  }
  bool fetch() {
    run_.clear();
    taken_ = 0;
    if (reading_.finish()) {
      pause_ = 0;
    } else if (!ended_) {
      if (std::exchange(asked_, false)) left_alone_ = pause_ = std::min(2 * pause_ + 1, kPauseMax);
      run_size_ = 1;
      read_run();
    }
    std::swap(run_, next_run_);
    if (run_.empty()) return false;
    const nx_block& last = run_.back();
    if (ended_ || last.owner == nullptr || last.sample_count < kFullBlockSamples) return true;
    ask();
    return true;
  }
  // Where all cores are busy nobody comes, and to ask costs more than a little: then it is rarely
  // done.
  void ask() {
    if (left_alone_ > 0) {
      --left_alone_;
      return;
    }
    run_size_ = std::min(2 * run_size_, kRunMax);
    asked_ = true;
    reading_.begin();
  }

  const std::unique_ptr<promql::BlockCursor> cursor_;
  std::vector<nx_block> run_;
  std::size_t taken_ = 0;  // of run_
  std::size_t run_size_ = 1;
  std::vector<nx_block> next_run_;
  bool ended_ = false;
  bool asked_ = false;          // somebody to read ahead
  int pause_ = 0;               // runs that nobody is asked for after nobody came
  int left_alone_ = 0;          // of those, still to come
  runtime::WorkAhead reading_;  // what cursor_, next_run_ and ended_ are lent to
};

ReadAhead::ReadAhead(std::unique_ptr<promql::BlockCursor> cursor, runtime::Executor& executor,
                     std::size_t parts_max) {
  parts_.push_back(std::make_unique<Part>(std::move(cursor), executor));
  divide(executor, parts_max);
}

ReadAhead::~ReadAhead() { release(block_); }

// In halves, then in quarters, as far as the storage goes along.
void ReadAhead::divide(runtime::Executor& executor, std::size_t parts_max) {
  for (std::size_t size = 0; size != parts_.size();) {
    size = parts_.size();
    for (std::size_t i = 0; i < size && parts_.size() < parts_max; ++i) {
      std::unique_ptr<Part> half = parts_[i]->split(executor);
      if (half != nullptr) parts_.push_back(std::move(half));
    }
  }
}

bool ReadAhead::next() {
  if (!std::exchange(begun_, true)) {
    for (std::size_t i = 1; i < parts_.size(); ++i) parts_[i]->begin();
  }
  while (!parts_.empty()) {
    if (turn_ == parts_.size()) turn_ = 0;
    Part& part = *parts_[turn_];
    if (take_from(part)) {
      ++turn_;
      return true;
    }
    status_ = part.status();
    if (!status_.ok()) {
      parts_.clear();
      return false;
    }
    parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(turn_));
  }
  return false;
}

bool ReadAhead::take_from(Part& part) {
  release(std::exchange(block_, {}));
  // Nobody waits for a thread while there is something to read.
  for (std::size_t i = 0; i < parts_.size() && part.waits(); ++i) parts_[i]->help();
  return part.take(block_);
}

}  // namespace narthex::api
