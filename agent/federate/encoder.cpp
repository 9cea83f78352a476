// SPDX-License-Identifier: Apache-2.0
#include "federate/encoder.hpp"

#include "federate/family_message.hpp"
#include "federate/text_lines.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>

namespace narthex::federate {

namespace {

constexpr std::size_t kPieceBytes = 64 << 10;

}  // namespace

// Own labels, then the added ones that are missing, as Prometheus orders them.
std::vector<nx_label> Encoder::labels_of(const LatestSample& sample) const {
  std::vector<nx_label> labels(sample.labels, sample.labels + sample.label_count);
  for (const auto& [name, value] : added_) {
    const bool has = std::any_of(sample.labels, sample.labels + sample.label_count,
                                 [&](const nx_label& own) { return view(own.name) == name; });
    if (!has) labels.push_back({to_nx(name), to_nx(value)});
  }
  return labels;
}

// Native histograms have no text form: they are left out.
void Encoder::append_text(std::string& out) {
  const std::vector<LatestSample>& samples = latest_->samples();
  const LatestSample& sample = samples[next_];
  const bool first = next_ == 0 || samples[next_ - 1].name != sample.name;
  ++next_;
  if (sample.histogram != nullptr) return;
  const std::string name = escape_name(sample.name, format_.escaping);
  if (first) append_type_line(out, name);
  append_sample_line(out, name, labels_of(sample), format_.escaping, sample.v, sample.t);
}

void Encoder::append_protobuf(std::string& out) {
  const std::vector<LatestSample>& samples = latest_->samples();
  FamilyMessage family(samples[next_], format_.escaping);
  for (; next_ < samples.size() && family.takes(samples[next_]); ++next_) {
    family.add(samples[next_], labels_of(samples[next_]));
  }
  family.append_delimited(out);
}

bool Encoder::produce(std::string& out) {
  const std::size_t end = out.size() + kPieceBytes;
  while (next_ < latest_->samples().size() && out.size() < end) {
    format_.protobuf ? append_protobuf(out) : append_text(out);
  }
  return next_ < latest_->samples().size();
}

}  // namespace narthex::federate
