// SPDX-License-Identifier: Apache-2.0
// read_ahead.hpp - a cursor that reads the block after the next while the next one is looked at, on
// another thread of the query pool.
//
// A query computes on one thread; where a core is idle, columns are decoded there in the meantime.
// Where none is, nobody has begun with the block when it is wanted, and it is read by the thread
// that wants it: reading ahead costs a lock then and cannot end in waiting for each other.
#pragma once

#include "promql/source.hpp"
#include "runtime/executor.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

namespace narthex::api {

// One thread, as every cursor; the executor must outlive it.
class ReadAhead final : public promql::BlockCursor {
 public:
  ReadAhead(std::unique_ptr<promql::BlockCursor> cursor, runtime::Executor& executor);
  ~ReadAhead() override;
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  bool next() override;
  const nx_block& block() const override { return block_; }
  Status status() const override { return reading_->cursor->status(); }

 private:
  // Shared with a task that may begin when the cursor has gone.
  struct Reading {
    explicit Reading(std::unique_ptr<promql::BlockCursor> the_cursor)
        : cursor(std::move(the_cursor)) {}
    enum class State { kIdle, kWanted, kRunning, kDone };
    void run();

    std::mutex mutex;
    std::condition_variable done;
    State state = State::kIdle;  // guarded by mutex
    bool posted = false;         // guarded by mutex: a task is on its way
    // Of the thread that made state kRunning, else of the query's. None: the query has ended.
    std::unique_ptr<promql::BlockCursor> cursor;
    bool found = false;
  };
  void take_block();
  void begin_next();

  const std::shared_ptr<Reading> reading_;
  runtime::Executor& executor_;
  nx_block block_{};
  nx_buffer* kept_ = nullptr;  // the owner of block_, retained: the cursor may move on
};

}  // namespace narthex::api
