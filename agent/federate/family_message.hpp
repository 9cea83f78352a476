// SPDX-License-Identifier: Apache-2.0
// family_message.hpp - io.prometheus.client.MetricFamily, delimited: what native histograms are
// federated in. Pure.
//
// A native histogram is sent with float counts. One with custom buckets becomes a classic
// histogram, since the message has no place for its bounds (Prometheus 3.5 sends it without
// them; 3.7 does as we do).
#pragma once

#include "federate/latest.hpp"
#include "federate/name_escaping.hpp"

#include <span>
#include <string>

namespace narthex::federate {

class FamilyMessage {
 public:
  // The family of this sample, empty as yet. `first` outlives the message.
  FamilyMessage(const LatestSample& first, Escaping escaping);

  // Whether a sample has the family's name and kind.
  bool takes(const LatestSample& sample) const;
  void add(const LatestSample& sample, std::span<const nx_label> labels);
  // Size and message.
  void append_delimited(std::string& out) const;

 private:
  const LatestSample& first_;
  const Escaping escaping_;
  std::string bytes_;
};

}  // namespace narthex::federate
