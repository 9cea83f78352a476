// SPDX-License-Identifier: Apache-2.0
// series_key.hpp - the bytes that name a series of this format: a fixed head, the family's name and
// unit, and the labels as they stand in the body. Made for every row, so it is two copies and
// nothing else; read for series that are not known only.
#pragma once

#include <narthex/sdk/bump_arena.hpp>
#include <narthex/sdk/exposition.hpp>
#include <narthex/sdk/protocol.hpp>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace narthex::prometheus_protobuf {

enum class Part : std::uint8_t { kWhole = 0, kCount = 1, kSum = 2, kBucket = 3, kQuantile = 4 };

class SeriesKeys {
 public:
  // What the labels __type__ and __unit__ say: part of the key. NX_TYPE_UNKNOWN and an empty unit
  // say nothing.
  struct Described {
    std::uint32_t type = NX_TYPE_UNKNOWN;
    std::string_view unit;
  };
  // Texts stay the caller's.
  void begin_family(std::string_view name, const Described& described) {
    name_ = name;
    described_ = described;
  }
  void begin_metric(std::string_view labels) {
    labels_ = labels;
    last_ = nullptr;
  }
  // `bound` of buckets and quantiles, 0 of the others; `place` is remembered with the key, not part
  // of it. Lives until clear().
  std::string_view make(Part part, double bound, const char* place);
  static const char* place_of(std::string_view key);
  void clear() {
    arena_.clear();
    last_ = nullptr;
    total_bytes_ += bytes_;
    bytes_ = 0;
  }
  void begin_body() {
    clear();
    total_bytes_ = 0;
  }
  // Of the keys since clear(), and of all since begin_body(): a body can say a long name once and
  // let it count for millions of series.
  std::size_t bytes() const { return bytes_; }
  std::size_t total_bytes() const { return total_bytes_ + bytes_; }

 private:
  std::string_view name_, labels_;
  Described described_;
  const char* last_ = nullptr;  // the metric's key before this one: the same but for its head
  sdk::BumpArena arena_;
  std::size_t bytes_ = 0;
  std::size_t total_bytes_ = 0;
};

// The labels of a key become the series that `out` builds. A failure's text has no place yet.
Status read_key(std::string_view key, sdk::TextArena& texts, sdk::SeriesTable& out);
// Encoded LabelPair fields, appended to `out`.
Status read_labels(std::string_view fields, std::vector<nx_label>& out);

}  // namespace narthex::prometheus_protobuf
