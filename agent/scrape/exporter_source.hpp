// SPDX-License-Identifier: Apache-2.0
// exporter_source.hpp - collects from an exporter plugin.
#pragma once

#include "host/instance.hpp"
#include "runtime/clock.hpp"
#include "scrape/collection.hpp"
#include "scrape/source.hpp"
#include "telemetry/log.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace narthex::scrape {

class ExporterSource final : public Source, public std::enable_shared_from_this<ExporterSource> {
 public:
  // The instance is started and stopped by whoever made it; the clock outlives this.
  ExporterSource(std::shared_ptr<host::Instance> instance, std::int64_t timeout_ms,
                 const runtime::Clock& clock);

  std::shared_ptr<net::Fetch> gather(GatherDone done) override;
  bool gather_at(std::int64_t at_ns, std::int64_t next_ns,
                 std::function<void(std::int64_t begun_ns)> begun) override {
    return instance_->collect_at(site_, at_ns, next_ns, std::move(begun));
  }
  bool may_block() const override { return true; }

 private:
  Status collect(SampleWriter& writer, std::int64_t t_ms);

  const std::shared_ptr<host::Instance> instance_;
  const nx_exporter* const table_;
  const std::int64_t timeout_ms_;
  const runtime::Clock& clock_;
  const host::CallSite site_;
  const telemetry::Log log_{"exporter"};
  Collection collection_;  // of the loop's storing stage
};

}  // namespace narthex::scrape
