// SPDX-License-Identifier: Apache-2.0
// asio_executor.hpp - the real executor: an io_context with its threads, and two thread pools.
// Only runtime and net look at the io_context.
#pragma once

#include "runtime/executor.hpp"

#include <memory>
#include <string>

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
  // An event loop beside that of `other`, with one thread of that name, which may block for a while
  // (NX_THREAD_WORKER): what it serves then waits, and nothing else. The other pools are those of
  // `other`, which outlives this.
  AsioExecutor(AsioExecutor& other, std::string loop_name);
  ~AsioExecutor() override;  // stops

  const Clock& clock() const override;
  void post(Pool pool, Task task) override;
  void post_next(Pool pool, Task task) override;
  [[nodiscard]] Timer at(std::int64_t mono_ns, Pool pool, Task task) override;

  boost::asio::io_context& io_context();
  // Ends the loop and joins its threads, and those of the pools where they are its own; tasks that
  // have not begun are dropped (those of kIo when the executor dies). REQUIRES: not called from a
  // task.
  void stop();
  // NX_THREAD_* of the calling thread.
  static int thread_kind();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace narthex::runtime
