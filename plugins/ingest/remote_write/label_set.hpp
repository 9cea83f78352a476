// SPDX-License-Identifier: Apache-2.0
// label_set.hpp - the labels of one series of a request: parsed from their protobuf fields as
// slices, sorted, checked. Not thread-safe; used again for series after series.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::ingest::remote_write {

struct LabelLimits {
  std::size_t labels_max = 64;
  std::size_t value_bytes_max = std::size_t{16} << 10;
  std::size_t name_bytes_max = std::size_t{1} << 10;
};

class LabelSet {
 public:
  using Label = std::pair<std::string_view, std::string_view>;

  // Reads the label fields of a TimeSeries or Exemplar message; other fields are skipped. Throws
  // protozero's exceptions on bytes that are no protobuf.
  void parse(std::string_view message, std::size_t labels_max);
  // One by one; beyond labels_max they are only counted.
  void clear();
  void add(std::string_view name, std::string_view value, std::size_t labels_max);

  // In place of one that was sent. Before check_series().
  void put(std::string_view name, std::string_view value);

  // What is wrong with the labels of a series, in Prometheus's words where it has them; empty when
  // they are good: then they are sorted, unique and without empty values.
  std::string check_series(const LabelLimits& limits);

  const std::vector<Label>& labels() const { return labels_; }
  // {__name__="up", job="a"}, long or odd texts cut and escaped.
  std::string text() const;

 private:
  std::vector<Label> labels_;
  std::size_t count_ = 0;  // as sent, beyond labels_max they are not kept
};

}  // namespace narthex::ingest::remote_write
