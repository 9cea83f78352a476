// SPDX-License-Identifier: Apache-2.0
// exporter.hpp - exporter plugins in C++: a class with `void|Status|nx_status
// collect(Collection&)`, which the host calls once an interval on a worker.
//
// Two ways to emit. One sample at a time, for what is few or changes its labels:
//   c.gauge("queue_length", "Jobs that wait.").sample({{"queue", name}}, length);
// A SeriesSet, for what stays: labels cross the border once, then only values do.
#pragma once

#include <narthex/exporter.h>
#include <narthex/sdk/component.hpp>
#include <narthex/sdk/series_list.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::sdk {

// A metric family of the present collection.
class Family {
 public:
  Family(const nx_collection* collection, std::uint32_t handle) noexcept
      : collection_(collection), handle_(handle) {}

  // Throws sdk::Error when the host refuses the sample. t_ms 0: the time of the collection.
  void sample(std::span<const LabelView> labels, double value, std::int64_t t_ms = 0) const {
    constexpr std::size_t kLabelsOnStack = 16;
    nx_label few[kLabelsOnStack];
    std::vector<nx_label> many;
    nx_label* out = few;
    if (labels.size() > kLabelsOnStack) {
      many.resize(labels.size());
      out = many.data();
    }
    std::uint32_t count = 0;
    for (const auto& [name, text] : labels) {
      if (!text.empty()) out[count++] = {to_nx(name), to_nx(text)};
    }
    const ErrorSlot err;
    err.check(collection_->sample(collection_, handle_, out, count, value, t_ms));
  }
  void sample(std::initializer_list<LabelView> labels, double value, std::int64_t t_ms = 0) const {
    sample(std::span<const LabelView>(labels.begin(), labels.size()), value, t_ms);
  }
  void sample(double value) const { sample(std::span<const LabelView>(), value); }

 private:
  const nx_collection* collection_;
  std::uint32_t handle_;
};

// A view of nx_collection: valid during collect() and on its thread only.
class Collection {
 public:
  explicit Collection(const nx_collection* collection) noexcept : collection_(collection) {}
  const nx_collection* raw() const noexcept { return collection_; }
  std::int64_t deadline_mono_ns() const noexcept { return collection_->deadline_mono_ns; }

  Family family(std::uint32_t type, std::string_view name, std::string_view help,
                std::string_view unit = {}) const {
    return {collection_,
            collection_->family(collection_, type, to_nx(name), to_nx(unit), to_nx(help))};
  }
  Family gauge(std::string_view name, std::string_view help) const {
    return family(NX_TYPE_GAUGE, name, help);
  }
  Family counter(std::string_view name, std::string_view help) const {
    return family(NX_TYPE_COUNTER, name, help);
  }
  // Everything at once, in the general form.
  Status batch(const nx_sample_batch& batch) const {
    ErrorSlot err;
    return err.status(collection_->batch(collection_, &batch, &err));
  }

 private:
  const nx_collection* collection_;
};

// Series whose labels stay. Registered with the first values; the table is let go then. Move-only
// in spirit: one object stands for one registration.
class SeriesSet {
 public:
  explicit SeriesSet(SeriesList table)
      : size_(table.size()), table_(std::make_unique<SeriesList>(std::move(table))) {}
  std::size_t size() const noexcept { return size_; }

  // One value a series, in table order; absent[i] != 0 leaves series i out this time.
  // Throws sdk::Error when the host refuses. REQUIRES: values.size() == size().
  void push(const Collection& c, std::span<const double> values,
            std::span<const std::uint8_t> absent = {}) {
    const nx_collection* raw = c.raw();
    const ErrorSlot err;
    if (table_ != nullptr) {
      const nx_series_table view = table_->view();
      const std::vector<nx_metadata> meta = table_->metadata();
      handle_ = raw->series_set(raw, &view, meta.data(), static_cast<std::uint32_t>(meta.size()));
      if (handle_ == 0) throw Error(NX_ERR_EXHAUSTED, "the host refused a series set");
      table_.reset();
    }
    err.check(raw->set_values(raw, handle_, values.data(), absent.empty() ? nullptr : absent.data(),
                              static_cast<std::uint32_t>(values.size())));
  }
  // These series will not come back. The set is used no more.
  void drop(const Collection& c) const {
    if (table_ == nullptr && NX_HAS_FN(c.raw(), nx_collection, series_set_drop)) {
      c.raw()->series_set_drop(c.raw(), handle_);
    }
  }

 private:
  std::size_t size_;
  std::unique_ptr<SeriesList> table_;  // until it is registered
  std::uint32_t handle_ = 0;
};

template <class T>
struct Exporter {
  static const nx_component* component() {
    static const nx_exporter table = [] {
      nx_exporter e{};
      e.struct_size = sizeof e;
      if constexpr (requires { T::kDefaultIntervalMs; }) {
        e.default_interval_ms = T::kDefaultIntervalMs;
      }
      e.collect = &collect;
      return e;
    }();
    static const nx_interface interfaces[] = {{NX_STR(NX_EXPORTER_ID), &table}};
    static const nx_component component = describe<T>(interfaces);
    return &component;
  }

 private:
  // A Status of NX_PARTIAL keeps its code and its text: see nx_exporter::collect.
  static nx_status collect(void* instance, const nx_collection* raw, nx_error* err) noexcept {
    return guard(err, [&]() -> nx_status {
      Collection collection(raw);
      T& exporter = *static_cast<T*>(instance);
      using R = decltype(exporter.collect(collection));
      if constexpr (std::is_same_v<R, Status>) {
        const Status status = exporter.collect(collection);
        return status.code() == NX_OK ? NX_OK : fail(err, status);
      } else if constexpr (std::is_same_v<R, nx_status>) {
        return exporter.collect(collection);
      } else {
        exporter.collect(collection);
        return NX_OK;
      }
    });
  }
};

}  // namespace narthex::sdk
