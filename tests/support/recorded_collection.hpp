// SPDX-License-Identifier: Apache-2.0
// recorded_collection.hpp - an nx_collection that remembers what an exporter emitted.
//
//   RecordedCollection recorded;
//   exporter.collect(recorded.collection());
//   CHECK(recorded.value("node_load1") == 0.5);
//
// Series sets outlive begin(), which starts the next collection, as they do in the agent.
#pragma once

#include <narthex/exporter.h>
#include <narthex/sdk/exporter.hpp>
#include <narthex/sdk/labels.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::test {

class RecordedCollection {
 public:
  struct Family {
    std::uint32_t type = NX_TYPE_UNKNOWN;
    std::string help;
    friend bool operator==(const Family&, const Family&) = default;
  };
  struct Sample {
    Labels labels;  // with __name__
    double value = 0;
    std::int64_t t_ms = 0;
  };

  explicit RecordedCollection(std::int64_t deadline_mono_ns = INT64_MAX) {
    raw_.struct_size = sizeof raw_;
    raw_.impl = this;
    raw_.deadline_mono_ns = deadline_mono_ns;
    raw_.family = &on_family;
    raw_.sample = &on_sample;
    raw_.sample_suffixed = &on_sample_suffixed;
    raw_.histogram = &on_histogram;
    raw_.series_set = &on_series_set;
    raw_.set_values = &on_set_values;
    raw_.batch = &on_batch;
    raw_.series_set_drop = &on_drop;
  }
  RecordedCollection(const RecordedCollection&) = delete;
  RecordedCollection& operator=(const RecordedCollection&) = delete;

  sdk::Collection collection() { return sdk::Collection(&raw_); }
  const nx_collection* raw() const { return &raw_; }
  // Forgets the samples; families and series sets stay.
  void begin() { samples.clear(); }

  // The value of the one sample with these labels (and maybe more); nothing when there is none.
  std::optional<double> value(std::string_view name, const Labels& labels = {}) const {
    for (const Sample& sample : samples) {
      if (sample.labels.get(kMetricName) == name && has_all(sample.labels, labels)) {
        return sample.value;
      }
    }
    return std::nullopt;
  }
  std::size_t count(std::string_view name) const {
    std::size_t n = 0;
    for (const Sample& sample : samples) n += sample.labels.get(kMetricName) == name ? 1 : 0;
    return n;
  }

  std::map<std::string, Family> families;
  std::vector<Sample> samples;
  std::size_t sets_registered = 0;
  std::size_t sets_dropped = 0;

 private:
  static RecordedCollection& self(const nx_collection* c) {
    return *static_cast<RecordedCollection*>(c->impl);
  }
  static bool has_all(const Labels& labels, const Labels& wanted) {
    for (const auto& [name, text] : wanted) {
      if (labels.get(name) != text) return false;
    }
    return true;
  }
  static Labels series_of(const nx_series_table& table, std::uint32_t series) {
    Labels labels;
    for (std::uint32_t p = table.label_off[series]; p < table.label_off[series + 1]; ++p) {
      labels.set(view(table.symbols[table.label_ref[2 * p]]),
                 view(table.symbols[table.label_ref[2 * p + 1]]));
    }
    return labels;
  }
  void describe(const nx_metadata* meta, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      families[std::string(view(meta[i].family))] = {meta[i].type, std::string(view(meta[i].help))};
    }
  }

  static std::uint32_t on_family(const nx_collection* c, std::uint32_t type, nx_str name, nx_str,
                                 nx_str help) {
    RecordedCollection& r = self(c);
    const std::string key(view(name));
    r.families[key] = {type, std::string(view(help))};
    for (std::uint32_t i = 0; i < r.handles_.size(); ++i) {
      if (r.handles_[i] == key) return i + 1;
    }
    r.handles_.push_back(key);
    return static_cast<std::uint32_t>(r.handles_.size());
  }
  static nx_status on_sample(const nx_collection* c, std::uint32_t family, const nx_label* labels,
                             std::uint32_t count, double value, std::int64_t t) {
    return on_sample_suffixed(c, family, nx_str{}, labels, count, value, t);
  }
  static nx_status on_sample_suffixed(const nx_collection* c, std::uint32_t family, nx_str suffix,
                                      const nx_label* labels, std::uint32_t count, double value,
                                      std::int64_t t) {
    RecordedCollection& r = self(c);
    if (family == 0 || family > r.handles_.size()) return NX_ERR_INVALID_ARGUMENT;
    Sample sample;
    for (std::uint32_t i = 0; i < count; ++i) {
      sample.labels.set(view(labels[i].name), view(labels[i].value));
    }
    sample.labels.set(kMetricName, r.handles_[family - 1] + std::string(view(suffix)));
    sample.value = value;
    sample.t_ms = t;
    r.samples.push_back(std::move(sample));
    return NX_OK;
  }
  static nx_status on_histogram(const nx_collection*, std::uint32_t, const nx_label*, std::uint32_t,
                                const nx_histogram*, std::int64_t) {
    return NX_ERR_UNSUPPORTED;
  }
  static std::uint32_t on_series_set(const nx_collection* c, const nx_series_table* table,
                                     const nx_metadata* meta, std::uint32_t meta_count) {
    RecordedCollection& r = self(c);
    r.describe(meta, meta_count);
    std::vector<Labels> set;
    for (std::uint32_t s = 0; s < table->series_count; ++s) set.push_back(series_of(*table, s));
    r.sets_.push_back(std::move(set));
    ++r.sets_registered;
    return static_cast<std::uint32_t>(r.sets_.size());
  }
  static nx_status on_set_values(const nx_collection* c, std::uint32_t handle, const double* values,
                                 const std::uint8_t* absent, std::uint32_t count) {
    RecordedCollection& r = self(c);
    if (handle == 0 || handle > r.sets_.size()) return NX_ERR_NOT_FOUND;
    const std::vector<Labels>& set = r.sets_[handle - 1];
    if (set.size() != count) return NX_ERR_INVALID_ARGUMENT;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (absent == nullptr || absent[i] == 0) r.samples.push_back({set[i], values[i], 0});
    }
    return NX_OK;
  }
  static nx_status on_batch(const nx_collection* c, const nx_sample_batch* batch, nx_error*) {
    RecordedCollection& r = self(c);
    r.describe(batch->meta, batch->meta_count);
    for (std::uint64_t row = 0; row < batch->rows; ++row) {
      r.samples.push_back({series_of(*batch->table, batch->series[row]), batch->v[row], 0});
    }
    return NX_OK;
  }
  static void on_drop(const nx_collection* c, std::uint32_t handle) {
    RecordedCollection& r = self(c);
    if (handle == 0 || handle > r.sets_.size()) return;
    r.sets_[handle - 1].clear();
    ++r.sets_dropped;
  }

  nx_collection raw_{};
  std::vector<std::string> handles_;
  std::vector<std::vector<Labels>> sets_;
};

}  // namespace narthex::test
