// SPDX-License-Identifier: Apache-2.0
// collect_sink.hpp - a SampleSink that keeps everything as text, for comparisons: series "{a="b"}"
// -> time -> value or histogram. No thread rules.
#pragma once

#include "blocks/sink.hpp"

#include <narthex/sdk/text.hpp>

#include <bit>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace narthex::test {

using Points = std::map<std::int64_t, std::string>;

inline std::string labels_text(std::span<const nx_label> labels) {
  std::string out = "{";
  for (const nx_label& label : labels) {
    if (out.size() > 1) out += ',';
    (((out += view(label.name)) += "=\"") += view(label.value)) += '"';
  }
  return out + "}";
}

// Every bit of a value counts: NaNs have payloads.
inline std::string value_text(double value) {
  return std::to_string(std::bit_cast<std::uint64_t>(value));
}

inline std::string histogram_text(const nx_histogram& h, bool with_hint = true) {
  std::string out = std::to_string(h.schema) + (h.is_float != 0 ? "f" : "i");
  if (with_hint) out += std::to_string(h.reset_hint);
  const auto number = [&](const nx_count& count) {
    return h.is_float != 0 ? value_text(count.f) : std::to_string(count.u);
  };
  out += " zt" + value_text(h.zero_threshold) + " z" + number(h.zero_count) + " c" +
         number(h.count) + " s" + value_text(h.sum);
  const auto side = [&](const nx_span* spans, std::uint32_t span_count, const nx_buckets& buckets,
                        std::uint32_t count) {
    out += " [";
    for (std::uint32_t i = 0; i < span_count; ++i) {
      out += std::to_string(spans[i].offset) + ":" + std::to_string(spans[i].length) + " ";
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      out += (h.is_float != 0 ? value_text(buckets.counts[i]) : std::to_string(buckets.deltas[i])) +
             ",";
    }
    out += "]";
  };
  side(h.pos_spans, h.pos_span_count, h.pos, h.pos_bucket_count);
  side(h.neg_spans, h.neg_span_count, h.neg, h.neg_bucket_count);
  for (std::uint32_t i = 0; i < h.custom_value_count; ++i) {
    out += " " + value_text(h.custom_values[i]);
  }
  return out;
}

inline std::string row_text(const blocks::SampleView& samples, std::size_t row,
                            bool with_hint = true) {
  if (samples.h.empty() || samples.h[row] == NX_NONE) return value_text(samples.v[row]);
  return histogram_text(samples.hists[samples.h[row]], with_hint);
}

class CollectSink final : public blocks::SampleSink {
 public:
  explicit CollectSink(bool with_hints = true) : with_hints_(with_hints) {}

  std::uint64_t series(std::span<const nx_label> labels) override {
    names_.push_back(labels_text(labels));
    return names_.size();
  }
  Status samples(std::uint64_t series, const blocks::SampleView& samples) override {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      points[names_.at(series - 1)][samples.t[i]] = row_text(samples, i, with_hints_);
      ++rows;
    }
    return Status();
  }
  Status exemplar(std::uint64_t series, const nx_exemplar& exemplar) override {
    exemplars.push_back(names_.at(series - 1) + " " +
                        labels_text({exemplar.labels, exemplar.label_count}) + " " +
                        value_text(exemplar.v) + " " + std::to_string(exemplar.t));
    return Status();
  }
  Status metadata(std::uint64_t series, const blocks::SeriesMetadata& metadata) override {
    facts[names_.at(series - 1)] = std::to_string(metadata.type) + " " +
                                   std::string(metadata.unit) + " " + std::string(metadata.help);
    return Status();
  }
  Status release() override { return Status(); }
  void progress(std::uint64_t bytes) override { bytes_read += bytes; }

  std::map<std::string, Points> points;
  std::vector<std::string> exemplars;
  std::map<std::string, std::string> facts;
  std::uint64_t rows = 0, bytes_read = 0;

 private:
  const bool with_hints_;
  std::vector<std::string> names_;
};

}  // namespace narthex::test
