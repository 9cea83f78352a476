// SPDX-License-Identifier: Apache-2.0
// encoder.hpp - the latest samples in an exposition format, piece by piece. Thread: one at a time.
#pragma once

#include "federate/latest.hpp"
#include "federate/negotiation.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace narthex::federate {

// Sorted by name. Each is added to the samples that have no label of that name.
using AddedLabels = std::vector<std::pair<std::string, std::string>>;

class Encoder {
 public:
  Encoder(std::shared_ptr<const Latest> latest, const Format& format, AddedLabels added)
      : latest_(std::move(latest)), format_(format), added_(std::move(added)) {}

  // Appends some 64 KiB, at least one family in protobuf. False: that was all.
  bool produce(std::string& out);

 private:
  std::vector<nx_label> labels_of(const LatestSample& sample) const;
  void append_text(std::string& out);
  void append_protobuf(std::string& out);

  const std::shared_ptr<const Latest> latest_;
  const Format format_;
  const AddedLabels added_;
  std::size_t next_ = 0;
};

}  // namespace narthex::federate
