// SPDX-License-Identifier: Apache-2.0
// source.hpp - where a loop's samples come from: an HTTP target (http_source.hpp) or an exporter in
// this process (exporter_source.hpp).
#pragma once

#include "scrape/sample_writer.hpp"
#include "scrape/workbench.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace narthex::net {
class Fetch;
}

namespace narthex::scrape {

// What there was to get.
struct Gathered {
  Status failure;
  std::int64_t body_bytes = 0;
  // Gives the rows to the writer, on a worker; may be called again. Empty: there are none.
  std::function<Status(SampleWriter&, Workbench&, std::int64_t t_ms)> feed;
  bool waits = false;  // feed() waits for another process
};
using GatherDone = std::function<void(Gathered)>;

// Thread-safe; gather() is not called again before done was.
class Source {
 public:
  virtual ~Source() = default;
  // Begins a scrape. done is called exactly once, on any thread, also from within. The fetch that
  // may be cancelled, or nullptr.
  virtual std::shared_ptr<net::Fetch> gather(GatherDone done) = 0;
  // A source that can keep the time: it begins with the next scrape at at_ns (monotonic; next_ns is
  // when the one after it is likely due), and `begun` is called once, on a thread that may gather
  // and store, with the time when it began; or with 0: it will not, gather in time. True: it does.
  // Does not wait, and does not call `begun` from within.
  virtual bool gather_at(std::int64_t /*at_ns*/, std::int64_t /*next_ns*/,
                         std::function<void(std::int64_t begun_ns)> /*begun*/) {
    return false;
  }
  // feed() waits for things: keep it off the threads that others' storing needs.
  virtual bool may_block() const = 0;
};

}  // namespace narthex::scrape
