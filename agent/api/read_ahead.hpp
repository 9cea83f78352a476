// SPDX-License-Identifier: Apache-2.0
// read_ahead.hpp - a cursor that reads the block after the next while the next one is looked at, on
// another thread of the query pool: a query computes on one thread, and where a core is idle,
// columns are decoded there in the meantime.
#pragma once

#include "promql/source.hpp"
#include "runtime/executor.hpp"
#include "runtime/work_ahead.hpp"

#include <memory>

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
  Status status() const override { return cursor_->status(); }

 private:
  void take_block();

  std::unique_ptr<promql::BlockCursor> cursor_;
  bool found_ = false;
  nx_block block_{};
  nx_buffer* kept_ = nullptr;   // the owner of block_, retained: the cursor may move on
  runtime::WorkAhead reading_;  // what cursor_ and found_ are lent to; the first to go
};

}  // namespace narthex::api
