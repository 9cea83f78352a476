// SPDX-License-Identifier: Apache-2.0
// collection.hpp - the agent's side of nx_collection: takes what an exporter emits and turns it
// into rows with keys, so that series of exporters go through the same cache as scraped ones.
//
// A key is a sequence of length-prefixed texts: the metric's name, then label names and values.
// Series sets live as long as the object; everything else until the next begin(). Used by one
// thread at a time.
#pragma once

#include "scrape/sample_writer.hpp"
#include "scrape/workbench.hpp"

#include <narthex/exporter.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::scrape {

class Collection {
 public:
  Collection();
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;

  void begin(std::int64_t deadline_mono_ns);
  // Valid until the next begin().
  const nx_collection& raw() const { return raw_; }
  // Gives everything that was emitted to the writer.
  Status feed(SampleWriter& writer, std::int64_t t_ms);

  std::size_t rows() const { return values_.size(); }

 private:
  struct KnownFamily {
    std::string name, unit, help;
    std::uint32_t type = NX_TYPE_UNKNOWN;
    std::uint64_t declared = 0;  // the collection it was last declared in
  };
  struct SeriesSet {
    std::string keys;
    std::vector<std::size_t> key_end;
    std::vector<std::uint32_t> families;
    bool live = true;
  };

  static Collection& of(const nx_collection* c) { return *static_cast<Collection*>(c->impl); }
  std::uint32_t declare(std::uint32_t type, std::string_view name, std::string_view unit,
                        std::string_view help);
  void declare(const nx_metadata& meta) {
    declare(meta.type, view(meta.family), view(meta.unit), view(meta.help));
  }
  nx_status sample(std::uint32_t family, std::string_view suffix, const nx_label* labels,
                   std::uint32_t label_count, double value, std::int64_t t,
                   const nx_histogram* histogram);
  std::uint32_t add_set(const nx_series_table& table, const nx_metadata* meta,
                        std::uint32_t meta_count);
  void drop_set(std::uint32_t handle);
  nx_status set_values(std::uint32_t handle, const double* values, const std::uint8_t* absent,
                       std::uint32_t count);
  nx_status add_batch(const nx_sample_batch& batch);
  void end_row(double value, std::int64_t t);
  void list_metadata();

  nx_collection raw_{};
  std::vector<KnownFamily> families_;  // handle - 1
  std::unordered_map<std::string, std::uint32_t> family_index_;
  std::vector<SeriesSet> sets_;           // handle - 1
  std::vector<std::uint32_t> free_sets_;  // handles that may be given out again
  std::uint64_t generation_ = 0;

  // Of this collection.
  std::vector<std::uint32_t> declared_;  // indices of families, in order
  std::string keys_;
  std::vector<std::size_t> key_end_;
  std::vector<double> values_;
  std::vector<std::int64_t> times_;  // 0: the collection's
  bool any_time_ = false;
  std::vector<std::uint32_t> histogram_at_;
  std::vector<nx_histogram> histograms_;
  DeepCopies copies_;
  std::vector<nx_metadata> metadata_;
};

}  // namespace narthex::scrape
