// SPDX-License-Identifier: Apache-2.0
// exporter.hpp - one entry of `exporters`: an instance in this process and the loop that collects
// from it. Thread-safe; start, end and stop from one thread at a time.
#pragma once

#include "host/instance.hpp"
#include "scrape/exporter_source.hpp"
#include "scrape/loop.hpp"
#include "scrape/options.hpp"
#include "scrape/view.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace narthex::scrape {

// What is the same for all exporters.
struct ExporterDefaults {
  std::string host_name;
  std::int64_t interval_ms = 0;
  bool extra_metrics = false;
};

class Exporter {
 public:
  // Starts the instance and the loop.
  static Result<std::unique_ptr<Exporter>> start(LoopServices services,
                                                 const ExporterOptions& options,
                                                 const ExporterDefaults& defaults,
                                                 std::shared_ptr<host::Instance> instance);

  const std::string& fingerprint() const { return fingerprint_; }
  const Loop& loop() const { return *loop_; }
  // Markers follow; the instance is stopped.
  void end(std::int64_t deadline_mono_ns);
  void stop(std::int64_t deadline_mono_ns);

 private:
  Exporter(std::string fingerprint, std::shared_ptr<host::Instance> instance,
           std::shared_ptr<Loop> loop)
      : fingerprint_(std::move(fingerprint)),
        instance_(std::move(instance)),
        loop_(std::move(loop)) {}

  const std::string fingerprint_;
  const std::shared_ptr<host::Instance> instance_;
  const std::shared_ptr<Loop> loop_;
};

}  // namespace narthex::scrape
