// SPDX-License-Identifier: Apache-2.0
#include "scrape/exporter_source.hpp"

#include "net/client.hpp"

#include <utility>

namespace narthex::scrape {

ExporterSource::ExporterSource(std::shared_ptr<host::Instance> instance, std::int64_t timeout_ms,
                               const runtime::Clock& clock)
    : instance_(std::move(instance)),
      table_(static_cast<const nx_exporter*>(instance_->table(NX_EXPORTER_ID))),
      timeout_ms_(timeout_ms),
      clock_(clock),
      site_(instance_->site(NX_EXPORTER_ID ".collect", timeout_ms)) {}

std::shared_ptr<net::Fetch> ExporterSource::gather(GatherDone done) {
  Gathered gathered;
  gathered.feed = [self = shared_from_this()](SampleWriter& writer, Workbench&, std::int64_t t_ms) {
    return self->collect(writer, t_ms);
  };
  done(std::move(gathered));
  return nullptr;
}

Status ExporterSource::collect(SampleWriter& writer, std::int64_t t_ms) {
  if (!instance_->available()) {
    return unavailable("plugin instance " + instance_->name() + " is off after repeated failures");
  }
  collection_.begin(clock_.mono_ns() + timeout_ms_ * 1'000'000);
  nx_status code = NX_OK;
  const Status status = instance_->call(
      site_,
      [&](void* self, nx_error* err) {
        const nx_status returned = table_->collect(self, &collection_.raw(), err);
        if (returned == NX_PARTIAL && NX_HAS(err, nx_error, text) && err->text_len != 0) {
          log_.debug("Collection is incomplete",
                     {{"instance", instance_->name()},
                      {"err", std::string_view(err->text, err->text_len)}});
        }
        return returned;
      },
      &code);
  if (!status.ok()) return status;
  return collection_.feed(writer, t_ms);
}

}  // namespace narthex::scrape
