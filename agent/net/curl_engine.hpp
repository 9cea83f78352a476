// SPDX-License-Identifier: Apache-2.0
// curl_engine.hpp - everything that is not plain HTTP: TLS, HTTP/2, proxies. libcurl's multi
// interface on one thread that is started with the first hop and sleeps when there is none.
// Thread-safe; done is called on the strand of the client.
#pragma once

#include "net/curl_library.hpp"
#include "net/hop.hpp"
#include "net/resolver.hpp"
#include "runtime/clock.hpp"
#include "runtime/executor.hpp"
#include "runtime/thread.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace narthex::net {

class CurlTransfer;

class CurlEngine : public std::enable_shared_from_this<CurlEngine> {
 public:
  using OnStrand = std::function<void(runtime::Task)>;
  static Result<std::shared_ptr<CurlEngine>> make(const runtime::Clock& clock,
                                                  std::shared_ptr<Resolver> resolver,
                                                  OnStrand on_strand);
  ~CurlEngine();

  // On the strand.
  std::shared_ptr<HopInFlight> start(Hop hop, HopDone done);
  // Fails what is in flight and ends the thread. Not from the strand.
  void close();
  void wake();

  const CurlLibrary& curl() const { return curl_; }
  const runtime::Clock& clock() const { return clock_; }

 private:
  CurlEngine(CurlLibrary curl, const runtime::Clock& clock, std::shared_ptr<Resolver> resolver,
             OnStrand on_strand);
  void enqueue(std::shared_ptr<CurlTransfer> transfer);
  void run();
  bool wait_for_work();
  void begin_new();
  void end_abandoned();
  void collect_finished();
  void finish(CURL* handle, CURLcode code);
  void fail_all();

  const CurlLibrary curl_;
  const runtime::Clock& clock_;
  const std::shared_ptr<Resolver> resolver_;
  const OnStrand on_strand_;
  CURLM* multi_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::vector<std::shared_ptr<CurlTransfer>> queue_;                  // guarded by mutex_
  bool closed_ = false;                                               // guarded by mutex_
  runtime::Thread thread_;                                            // guarded by mutex_
  std::unordered_map<CURL*, std::shared_ptr<CurlTransfer>> running_;  // of the thread
};

}  // namespace narthex::net
