// SPDX-License-Identifier: Apache-2.0
// write_message.hpp - prometheus.WriteRequest of remote write 1.0 as protobuf bytes. Pure.
#pragma once

#include "transfer/batch.hpp"

#include <narthex/data.h>

#include <cstdint>
#include <span>
#include <string>

namespace narthex::transfer {

// One TimeSeries of the request.
class SeriesMessage {
 public:
  explicit SeriesMessage(std::span<const nx_label> labels);
  void add(std::int64_t t, double value);
  void add(std::int64_t t, const nx_histogram& histogram);
  void add_exemplar(std::int64_t t, double value, std::span<const nx_label> labels);
  void append_to(std::string& request) const;

 private:
  std::string bytes_;
};

void append_metadata(std::string& request, const FamilyFacts& facts);

}  // namespace narthex::transfer
