// SPDX-License-Identifier: Apache-2.0
#include "host/gather_service.hpp"

#include "host/plugin_instance.hpp"
#include "telemetry/metrics.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/text.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::host {
namespace {

// Collects what the registry shows as columns over one table of symbols.
class BatchBuilder final : public telemetry::Visitor {
 public:
  void family(std::string_view name, std::uint32_t type, std::string_view help) override {
    family_ = name;
    nx_metadata meta{};
    meta.series = NX_NONE;
    meta.type = type;
    meta.family = kept(name);
    meta.help = kept(help);
    meta_.push_back(meta);
  }

  void sample(std::string_view suffix, const Labels& labels, double value) override {
    const std::string name = family_ + std::string(suffix);
    bool named = false;
    for (const auto& [key, text] : labels) {
      // Labels stand in byte order, and capitals come before "__name__".
      if (!named && key > kMetricName) named = add_pair(kMetricName, name);
      add_pair(key, text);
    }
    if (!named) add_pair(kMetricName, name);
    offsets_.push_back(static_cast<std::uint32_t>(refs_.size() / 2));
    series_.push_back(static_cast<std::uint32_t>(series_.size()));
    values_.push_back(value);
  }

  nx_status push(nx_batch_sink sink, void* sink_ctx) const {
    nx_series_table table{};
    table.struct_size = sizeof table;
    table.series_count = static_cast<std::uint32_t>(series_.size());
    table.symbol_count = static_cast<std::uint32_t>(symbols_.size());
    table.symbols = symbols_.data();
    table.label_ref = refs_.data();
    table.label_off = offsets_.data();
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.rows = values_.size();
    batch.series = series_.data();
    batch.table = &table;
    batch.v = values_.data();
    batch.meta = meta_.data();
    batch.meta_count = static_cast<std::uint32_t>(meta_.size());
    return sink(sink_ctx, &batch);
  }

 private:
  nx_str kept(std::string_view text) { return to_nx(texts_.emplace_back(text)); }

  std::uint32_t symbol(std::string_view text) {
    if (const auto at = ids_.find(text); at != ids_.end()) return at->second;
    const nx_str own = kept(text);
    const auto id = static_cast<std::uint32_t>(symbols_.size());
    symbols_.push_back(own);
    ids_.emplace(view(own), id);
    return id;
  }

  bool add_pair(std::string_view name, std::string_view value) {
    refs_.push_back(symbol(name));
    refs_.push_back(symbol(value));
    return true;
  }

  std::string family_;
  std::deque<std::string> texts_;  // stay where they are
  std::unordered_map<std::string_view, std::uint32_t> ids_;
  std::vector<nx_str> symbols_;
  std::vector<std::uint32_t> refs_;
  std::vector<std::uint32_t> offsets_{0};
  std::vector<std::uint32_t> series_;
  std::vector<double> values_;
  std::vector<nx_metadata> meta_;
};

nx_status gather(const nx_host* host, nx_batch_sink sink, void* sink_ctx, nx_error* err) {
  return sdk::guard(err, [&]() -> nx_status {
    BatchBuilder builder;
    static_cast<PluginInstance&>(Instance::of(host)).context().services.registry.gather(builder);
    return builder.push(sink, sink_ctx);
  });
}

}  // namespace

const nx_ext_gather kGatherService = {sizeof(nx_ext_gather), 0, &gather};

}  // namespace narthex::host
