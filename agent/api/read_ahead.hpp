// SPDX-License-Identifier: Apache-2.0
// read_ahead.hpp - a cursor that is read on several threads of the query pool: a query computes on
// one thread, and where cores are idle, columns are decoded there in the meantime.
//
// What there is to read is divided, where the storage thinks it worth a thread, and the parts yield
// their blocks in turn. Of each part a run of blocks is read while the run before it is looked at:
// one at first, then more, since a thread is not woken for nothing. Which blocks come, and in which
// order, does not depend on who reads them.
#pragma once

#include "promql/source.hpp"
#include "runtime/executor.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace narthex::api {

// One thread, as every cursor; the executor must outlive it.
class ReadAhead final : public promql::BlockCursor {
 public:
  ReadAhead(std::unique_ptr<promql::BlockCursor> cursor, runtime::Executor& executor,
            std::size_t parts_max);
  ~ReadAhead() override;
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  bool next() override;
  const nx_block& block() const override { return block_; }
  Status status() const override { return status_; }

 private:
  class Part;

  void divide(runtime::Executor& executor, std::size_t parts_max);
  bool take_from(Part& part);

  std::vector<std::unique_ptr<Part>> parts_;  // those that have not ended
  std::size_t turn_ = 0;                      // whose block comes next
  bool begun_ = false;
  Status status_;
  nx_block block_{};  // retained, where it has an owner
};

}  // namespace narthex::api
