// SPDX-License-Identifier: Apache-2.0
// wire_data.hpp - what data.h, discovery.h and notifier.h define, as bytes and back. What is read
// looks into the bytes and into arrays of its own: both must outlive its use. Pure.
#pragma once

#include "host/wire.hpp"

#include <narthex/discovery.h>
#include <narthex/notifier.h>

#include <memory>
#include <utility>
#include <vector>

namespace narthex::host {

// Owns the arrays behind what was read.
class WireArrays {
 public:
  template <class T>
  const T* keep(std::vector<T> values) {
    if (values.empty()) return nullptr;
    auto held = std::make_shared<std::vector<T>>(std::move(values));
    const T* const data = held->data();
    held_.push_back(std::move(held));
    return data;
  }
  void clear() { held_.clear(); }

 private:
  std::vector<std::shared_ptr<void>> held_;
};

void write_labels(WireWriter& out, const nx_label* labels, std::uint64_t count);
std::vector<nx_label> read_labels(WireReader& in);

void write_histogram(WireWriter& out, const nx_histogram& histogram);
nx_histogram read_histogram(WireReader& in, WireArrays& arrays);

void write_table(WireWriter& out, const nx_series_table& table);
nx_series_table read_table(WireReader& in, WireArrays& arrays);
// The same without its symbols, which went in another way.
void write_table_pairs(WireWriter& out, const nx_series_table& table);
nx_series_table read_table_pairs(WireReader& in, std::vector<nx_str> symbols, WireArrays& arrays);

void write_metadata_entry(WireWriter& out, const nx_metadata& entry);
void write_metadata(WireWriter& out, const nx_metadata* list, std::uint32_t count);
std::vector<nx_metadata> read_metadata(WireReader& in);

// Without layout and owner, which mean nothing in another process.
void write_batch(WireWriter& out, const nx_sample_batch& batch);
// What a batch says of its own rows is checked: no index points outside of its array.
nx_sample_batch read_batch(WireReader& in, WireArrays& arrays);

void write_groups(WireWriter& out, const nx_target_group* const* groups, std::uint32_t count);
std::vector<nx_target_group> read_groups(WireReader& in, WireArrays& arrays);

void write_alerts(WireWriter& out, const nx_alert* const* alerts, std::uint32_t count);
std::vector<nx_alert> read_alerts(WireReader& in, WireArrays& arrays);

}  // namespace narthex::host
