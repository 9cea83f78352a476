// SPDX-License-Identifier: Apache-2.0
#include "scrape/exporter.hpp"

#include <xxhash.h>

#include <utility>

namespace narthex::scrape {
namespace {

TargetPtr make_target(const ExporterOptions& options, const ExporterDefaults& defaults,
                      const nx_exporter& table) {
  auto target = std::make_shared<Target>();
  for (const auto& [name, value] : options.labels) target->labels.set(name, value);
  target->labels.set("job", options.job.empty() ? options.plugin : options.job);
  target->labels.set("instance", options.instance.empty() ? defaults.host_name : options.instance);
  target->url = "exporter://" + options.plugin;
  target->interval_ms = options.interval_ms != 0         ? options.interval_ms
                        : table.default_interval_ms != 0 ? table.default_interval_ms
                                                         : defaults.interval_ms;
  target->timeout_ms = options.timeout_ms != 0 ? options.timeout_ms : target->interval_ms;
  std::string text = target->url;
  for (const auto& [name, value] : target->labels) text += "\xff" + name + "\xff" + value;
  target->hash = XXH3_64bits(text.data(), text.size());
  return target;
}

}  // namespace

Result<std::unique_ptr<Exporter>> Exporter::start(LoopServices services,
                                                  const ExporterOptions& options,
                                                  const ExporterDefaults& defaults,
                                                  std::shared_ptr<host::Instance> instance) {
  const auto* table = static_cast<const nx_exporter*>(instance->table(NX_EXPORTER_ID));
  SampleOptions samples;
  samples.extra_metrics = defaults.extra_metrics;
  samples.limits = options.limits;
  samples.metric_relabel = options.metric_relabel_configs;
  auto rules = SampleRules::compile(std::move(samples));
  if (!rules.ok()) return rules.status();
  const TargetPtr target = make_target(options, defaults, *table);
  if (Status started = instance->start(); !started.ok()) return started;
  LoopPlan plan{
      *rules,
      std::make_shared<ExporterSource>(instance, target->timeout_ms, services.executor.clock()),
      nullptr};
  auto loop = std::make_shared<Loop>(services, std::string(target->labels.get("job")), target,
                                     std::move(plan));
  loop->start(places_of(1));
  return std::unique_ptr<Exporter>(
      new Exporter(options.fingerprint, std::move(instance), std::move(loop)));
}

void Exporter::end(std::int64_t deadline_mono_ns) {
  loop_->end();
  instance_->stop(deadline_mono_ns);
}

void Exporter::stop(std::int64_t deadline_mono_ns) {
  loop_->stop();
  instance_->stop(deadline_mono_ns);
}

}  // namespace narthex::scrape
