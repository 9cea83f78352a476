// SPDX-License-Identifier: Apache-2.0
// router.hpp - finds the route of a request in one hash look-up a path segment.
//
// A literal segment wins over {name}, {name} over {rest...}. Segments are compared as sent and
// decoded only when they become parameters, so an escaped slash never makes a new segment.
// Thread-safe; find() holds a shared lock briefly.
#pragma once

#include "net/http.hpp"
#include "net/server_metrics.hpp"

#include <narthex/sdk/result.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::net {

// A route in use. Calls of its handler are counted, so that remove() can wait for them.
class RouteEntry {
 public:
  RouteEntry(Route route, RouteMetrics metrics)
      : route_(std::move(route)), metrics_(std::move(metrics)) {}

  const Route& route() const { return route_; }
  RouteMetrics& metrics() { return metrics_; }

  // False when the route was removed; otherwise end_call() must follow.
  bool begin_call();
  void end_call();
  // No call begins any more; waits for those that run.
  void retire();

 private:
  const Route route_;
  RouteMetrics metrics_;
  std::mutex mutex_;
  std::condition_variable idle_;
  int calls_ = 0;         // guarded by mutex_
  bool retired_ = false;  // guarded by mutex_
};

struct Match {
  std::shared_ptr<RouteEntry> entry;  // none: see allow
  Params path_params;
  std::string allow;  // methods of the path, "GET, HEAD, OPTIONS"; empty: no such path
  bool cors = false;  // of the path
};

class Router {
 public:
  Router();
  ~Router();
  Status add(Route route, RouteMetrics metrics);
  // Returns once no handler of the route runs. Not from within that handler.
  void remove(std::string_view method, std::string_view path);
  // method HEAD finds GET. path as sent, without the query; its escapes are well-formed.
  Match find(std::string_view method, std::string_view path) const;

 private:
  struct Node;
  mutable std::shared_mutex mutex_;
  std::unique_ptr<Node> root_;  // guarded by mutex_
};

}  // namespace narthex::net
