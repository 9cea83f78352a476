// SPDX-License-Identifier: Apache-2.0
// http.hpp - a request and its answer, as handlers of the server see them. No HTTP library shows.
#pragma once

#include "runtime/cancel.hpp"

#include <narthex/sdk/buffer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::net {

// Decoded pairs in order of appearance; names may repeat.
using Params = std::vector<std::pair<std::string, std::string>>;

inline std::string_view first(const Params& params, std::string_view name) {
  for (const auto& [key, value] : params) {
    if (key == name) return value;
  }
  return {};
}
inline bool has(const Params& params, std::string_view name) {
  for (const auto& [key, value] : params) {
    if (key == name) return true;
  }
  return false;
}

struct Request {
  std::string method;
  std::string path;    // decoded, without the query
  std::string target;  // as sent
  Params query;        // of the URL
  Params form;         // of an urlencoded body; empty otherwise
  Params headers;      // names in lower case
  Params path_params;  // {name} of the route
  BufferRef body;      // whole; inflated unless the route says raw_body
  std::string remote;  // "127.0.0.1:51234"
  std::int64_t received_ms = 0;
  std::int64_t received_mono_ns = 0;  // when its head was complete
  std::int64_t deadline_mono_ns = 0;
  // Cancelled when the client leaves or the server stops.
  std::shared_ptr<runtime::Cancellation> cancellation;

  std::string_view header(std::string_view name) const { return first(headers, name); }
  // As Prometheus's r.FormValue: the form first, then the query.
  std::string_view value(std::string_view name) const {
    return has(form, name) ? first(form, name) : first(query, name);
  }
  // All values of a name: form first, then query.
  std::vector<std::string> values(std::string_view name) const {
    std::vector<std::string> all;
    for (const Params* params : {&form, &query}) {
      for (const auto& [key, text] : *params) {
        if (key == name) all.push_back(text);
      }
    }
    return all;
  }
};

// Takes the pieces of a streamed body. False: the client is gone, stop.
using Write = std::function<bool(std::string_view piece)>;

struct Response {
  int status = 200;
  Params headers;  // Content-Type among them; lengths, dates, CORS and encoding are the server's
  std::string body;
  // Instead of body, for large answers: appends the next piece to out, false when that was the
  // last. Called again and again on threads of the lane, only when the client has taken what came
  // before: a slow reader holds no thread. Pieces of some 64 KiB are best.
  std::function<bool(std::string& out)> produce;
  // Instead of body: called once, on the handler's thread, to produce the body piece by piece. It
  // holds that thread until the client has read nearly all: prefer produce.
  std::function<void(const Write&)> stream;
  // Instead of both: the connection becomes a stream of server-sent events, parked on the event
  // loop. Called once with the way to send; keep it, and drop it to end the stream. Sending to a
  // client that is too slow returns false, and so does one that left.
  std::function<void(std::shared_ptr<class EventStream>)> events;
  // Instead of all of these: the answer comes later. Called once, on the handler's thread, with the
  // way to give it; the thread is free until then. What is needed of the request must be copied.
  std::function<void(std::shared_ptr<class LaterAnswer>)> later;

  static Response text(int status, std::string body) {
    Response r;
    r.status = status;
    r.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
    r.body = std::move(body);
    return r;
  }
  static Response json(int status, std::string body) {
    Response r;
    r.status = status;
    r.headers.emplace_back("Content-Type", "application/json");
    r.body = std::move(body);
    return r;
  }
};

// The sending side of a server-sent event stream. Thread-safe, never blocks.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // One complete "event: ...\ndata: ...\n\n" text. False: gone, or its buffer (1 MiB) is full.
  virtual bool send(std::string_view event) = 0;
  virtual bool open() const = 0;
};

// Where an answer goes that comes later. send() once, from any thread; streams and the first pieces
// of produce run on that thread. One that dies unused answers 500.
class LaterAnswer {
 public:
  virtual ~LaterAnswer() = default;
  virtual void send(Response response) = 0;
};

using Handler = std::function<Response(const Request&)>;

// Separate bounded pools, so that a heavy query never delays /-/healthy and ingest never waits for
// queries. A full lane answers 503.
enum class Lane { kControl, kQuery, kIngest };

struct Route {
  std::string method;  // "GET", ...
  std::string path;    // "/api/v1/label/{name}/values"; {rest...} takes the remainder
  Lane lane = Lane::kControl;
  Handler handler;
  std::uint64_t body_max_bytes = 1 << 20;  // inflated; beyond it 413
  bool raw_body = false;                   // leave Content-Encoding to the handler
  bool cors = true;                        // false for admin and lifecycle routes
  bool head = true;                        // a GET route serves HEAD, too
};

}  // namespace narthex::net
