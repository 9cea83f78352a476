// SPDX-License-Identifier: Apache-2.0
// engines.hpp - the engines of all clients of one factory, and the strand they share. start() and
// everything it calls run on that strand.
#pragma once

#include "net/curl_engine.hpp"
#include "net/hop.hpp"
#include "net/plain_engine.hpp"
#include "runtime/asio_executor.hpp"

#include <memory>
#include <mutex>

namespace narthex::net {

class Engines {
 public:
  explicit Engines(runtime::AsioExecutor& executor);
  ~Engines() { close(); }

  // Plain HTTP goes over Asio, everything else over libcurl, which this loads.
  std::shared_ptr<HopInFlight> start(Hop hop, HopDone done);
  void on_strand(runtime::Task task);
  runtime::AsioExecutor& executor() { return executor_; }
  std::int64_t now_ns() const { return executor_.clock().mono_ns(); }
  // Fails what is in flight and waits for that. Not from an I/O thread.
  void close();

 private:
  Result<std::shared_ptr<CurlEngine>> curl();

  runtime::AsioExecutor& executor_;
  const PlainEngine::Strand strand_;
  const std::shared_ptr<PlainEngine> plain_;
  std::mutex mutex_;
  std::shared_ptr<CurlEngine> curl_;  // guarded by mutex_
  bool closed_ = false;               // guarded by mutex_
};

}  // namespace narthex::net
