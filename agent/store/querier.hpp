// SPDX-License-Identifier: Apache-2.0
// querier.hpp - what Querier and Cursor are made of. Private to the room. Cursors keep the querier
// they came from open.
#pragma once

#include "store/backend.hpp"
#include "store/store.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace narthex::store {

// What a Cursor walks. One thread.
class CursorSource {
 public:
  virtual ~CursorSource() = default;
  virtual bool next() = 0;  // false at the end and after an error
  // One that yields about half of what this one has left; null: it stays whole.
  virtual std::unique_ptr<CursorSource> split() { return nullptr; }
  const nx_block& block() const { return block_; }
  const Status& status() const { return status_; }

 protected:
  nx_block block_{};
  Status status_;
};

// A querier of one backend. Thread-safe as the backend's.
struct BackendQuerier {
  BackendQuerier(std::shared_ptr<const Backend> the_backend, nx_querier* opened)
      : backend(std::move(the_backend)), querier(opened) {}
  BackendQuerier(const BackendQuerier&) = delete;
  BackendQuerier& operator=(const BackendQuerier&) = delete;
  ~BackendQuerier();

  static Result<std::shared_ptr<BackendQuerier>> open(std::shared_ptr<const Backend> backend,
                                                      std::int64_t min_t, std::int64_t max_t);
  static Result<std::unique_ptr<CursorSource>> select(
      const std::shared_ptr<BackendQuerier>& querier, std::span<const Matcher> matchers,
      const nx_scan_opts& opts);
  void cancel() const;
  // What its cursors could not read, each text once. Thread-safe, as missing().
  void tell(std::string missing) const;
  std::vector<std::string> missing() const;

  const std::shared_ptr<const Backend> backend;
  nx_querier* const querier;

 private:
  mutable std::mutex mutex_;
  mutable std::vector<std::string> missing_;  // guarded by mutex_
};

struct RemoteEndpoint {
  std::shared_ptr<const Backend> backend;
  RemoteRead read;
};

// The view that a querier has of an endpoint.
struct RemoteView {
  std::shared_ptr<const RemoteEndpoint> endpoint;
  std::shared_ptr<BackendQuerier> querier;
};

struct Querier::Impl {
  std::shared_ptr<BackendQuerier> local;
  std::vector<RemoteView> remotes;
  // Times from here on the storage has itself; INT64_MAX: it has none.
  std::int64_t local_from = INT64_MAX;
  mutable std::mutex mutex;
  std::vector<std::string> warnings;  // guarded by mutex
};

}  // namespace narthex::store
