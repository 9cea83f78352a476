// SPDX-License-Identifier: Apache-2.0
// asio_executor.hpp - the real executor: an io_context with its threads, and two thread pools.
// Only runtime and net look at the io_context.
#pragma once

#include "runtime/executor.hpp"

#include <memory>

namespace boost::asio {
class io_context;
}

namespace narthex::runtime {

struct ExecutorOptions {
  int io_threads = 1;
  int worker_threads_max = 16;
  int query_threads_max = 0;  // 0: the number of cores
};

class AsioExecutor final : public Executor {
 public:
  explicit AsioExecutor(ExecutorOptions options);
  ~AsioExecutor() override;  // stops

  const Clock& clock() const override;
  void post(Pool pool, Task task) override;
  void post_next(Pool pool, Task task) override;
  [[nodiscard]] Timer at(std::int64_t mono_ns, Pool pool, Task task) override;

  boost::asio::io_context& io_context();
  // Ends the loops and joins all threads; tasks that have not begun are dropped (those of kIo when
  // the executor dies). REQUIRES: not called from a task.
  void stop();
  // NX_THREAD_* of the calling thread.
  static int thread_kind();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace narthex::runtime
