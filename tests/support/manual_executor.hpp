// SPDX-License-Identifier: Apache-2.0
// manual_executor.hpp - an executor whose time and tasks move only when the test says so.
//
//   ManualExecutor executor;
//   thing.start(executor);
//   executor.advance_ms(15'000);  // runs every timer on the way, in order, and what they post
//
// post() and at() are thread-safe, so that code with threads of its own can be tested; everything
// else belongs to the test's thread. All pools run on that thread; pool_now() tells a task which.
#pragma once

#include "runtime/executor.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace narthex::test {

class ManualClock final : public runtime::Clock {
 public:
  explicit ManualClock(std::int64_t now_ms = 1'700'000'000'000) : now_ms_(now_ms) {}
  std::int64_t now_ms() const override { return now_ms_; }
  std::int64_t mono_ns() const override { return mono_ns_; }

  // Moves both clocks; nothing runs.
  void advance_ns(std::int64_t delta_ns) {
    const std::int64_t part_ns = (sub_ms_ns_ += delta_ns) / 1'000'000;
    sub_ms_ns_ -= part_ns * 1'000'000;
    mono_ns_ += delta_ns;
    now_ms_ += part_ns;
  }
  // A jump of the wall clock, as an administrator makes it.
  void set_now_ms(std::int64_t now_ms) { now_ms_ = now_ms; }

 private:
  std::atomic<std::int64_t> now_ms_;
  std::atomic<std::int64_t> mono_ns_{1'000'000'000};
  std::int64_t sub_ms_ns_ = 0;
};

class ManualExecutor final : public runtime::Executor {
 public:
  explicit ManualExecutor(std::int64_t now_ms = 1'700'000'000'000) : clock_(now_ms) {}
  ~ManualExecutor() override { drop_all(); }

  const runtime::Clock& clock() const override { return clock_; }
  ManualClock& manual_clock() { return clock_; }

  void post(runtime::Pool pool, runtime::Task task) override {
    const std::lock_guard lock(state_->mutex);
    state_->ready.emplace_back(pool, std::move(task));
  }
  [[nodiscard]] runtime::Timer at(std::int64_t mono_ns, runtime::Pool pool,
                                  runtime::Task task) override {
    auto entry = std::make_shared<Entry>();
    entry->state = state_;
    entry->pool = pool;
    entry->task = std::move(task);
    const std::lock_guard lock(state_->mutex);
    entry->key = {mono_ns, ++state_->sequence};
    state_->timers.emplace(entry->key, entry);
    return runtime::Timer(entry);
  }

  // Runs what is ready, what became due, and what those post, until nothing is left. Gives the
  // number of tasks; 1,000,000 means that something posts itself for ever.
  std::size_t run_ready() {
    std::size_t count = 0;
    while (count < 1'000'000 && run_one()) ++count;
    return count;
  }
  // Runs one ready task or due timer. False: there was none.
  bool run_one() {
    std::optional<std::pair<runtime::Pool, runtime::Task>> next = take();
    if (!next) return false;
    pool_now_ = next->first;
    next->second();
    pool_now_.reset();
    return true;
  }
  // Runs what is ready, then moves time by delta, stopping at every timer on the way.
  void advance_ms(std::int64_t delta_ms) { advance_ns(delta_ms * 1'000'000); }
  void advance_ns(std::int64_t delta_ns) {
    const std::int64_t end_ns = clock_.mono_ns() + delta_ns;
    run_ready();
    while (true) {
      const std::optional<std::int64_t> next_ns = next_timer_ns();
      if (!next_ns || *next_ns > end_ns) break;
      clock_.advance_ns(std::max<std::int64_t>(0, *next_ns - clock_.mono_ns()));
      run_ready();
    }
    clock_.advance_ns(std::max<std::int64_t>(0, end_ns - clock_.mono_ns()));
  }

  std::size_t ready_count() const {
    const std::lock_guard lock(state_->mutex);
    return state_->ready.size();
  }
  std::size_t timer_count() const {
    const std::lock_guard lock(state_->mutex);
    return state_->timers.size();
  }
  // When the earliest timer is due.
  std::optional<std::int64_t> next_timer_ns() const {
    const std::lock_guard lock(state_->mutex);
    if (state_->timers.empty()) return std::nullopt;
    return state_->timers.begin()->first.first;
  }
  // The pool that the running task was meant for.
  std::optional<runtime::Pool> pool_now() const { return pool_now_; }
  // Forgets everything that has not begun, as a stopped executor does.
  void drop_all() {
    std::deque<std::pair<runtime::Pool, runtime::Task>> ready;
    std::map<Key, std::shared_ptr<Entry>> timers;
    std::vector<runtime::Task> tasks;  // may own their own timers
    const std::lock_guard lock(state_->mutex);
    ready.swap(state_->ready);
    timers.swap(state_->timers);
    for (auto& [key, entry] : timers) tasks.push_back(std::exchange(entry->task, nullptr));
  }

 private:
  struct Entry;
  using Key = std::pair<std::int64_t, std::uint64_t>;  // time, then order of at()
  struct State {
    std::mutex mutex;
    std::deque<std::pair<runtime::Pool, runtime::Task>> ready;
    std::map<Key, std::shared_ptr<Entry>> timers;
    std::uint64_t sequence = 0;
  };
  struct Entry final : runtime::Timer::Impl {
    std::shared_ptr<State> state;
    Key key;
    runtime::Pool pool = runtime::Pool::kIo;
    runtime::Task task;

    void cancel() override {
      std::shared_ptr<Entry> self;  // dies after the lock, and with it the task
      const std::lock_guard lock(state->mutex);
      const auto at = state->timers.find(key);
      if (at == state->timers.end()) return;
      self = std::move(at->second);
      state->timers.erase(at);
    }
  };

  std::optional<std::pair<runtime::Pool, runtime::Task>> take() {
    const std::lock_guard lock(state_->mutex);
    if (!state_->ready.empty()) {
      auto next = std::move(state_->ready.front());
      state_->ready.pop_front();
      return next;
    }
    const auto first = state_->timers.begin();
    if (first == state_->timers.end() || first->first.first > clock_.mono_ns()) {
      return std::nullopt;
    }
    std::pair<runtime::Pool, runtime::Task> next{first->second->pool,
                                                 std::move(first->second->task)};
    state_->timers.erase(first);
    return next;
  }

  ManualClock clock_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::optional<runtime::Pool> pool_now_;
};

}  // namespace narthex::test
