// SPDX-License-Identifier: Apache-2.0
// record_book.hpp - a visitor that writes down what a replay tells, as plain lists.
#pragma once

#include "storage/wal/record_reader.hpp"

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace narthex::test {

class RecordBook final : public storage::wal::ReplayVisitor {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;
  struct Row {
    std::uint64_t layout;
    std::int64_t t;
    std::vector<std::optional<std::uint64_t>> bits;
    bool operator==(const Row&) const = default;
  };
  struct Sample {
    std::uint32_t ref;
    std::int64_t t;
    std::uint64_t bits;
    auto operator<=>(const Sample&) const = default;
  };

  void segment(std::uint64_t, bool) override { ++segments; }
  void series(std::uint32_t ref, std::span<const storage::wal::LabelView> labels) override {
    series_list.emplace_back(ref, copy(labels));
  }
  void layout(std::uint64_t layout, std::span<const std::uint32_t> refs) override {
    layouts.emplace_back(layout, std::vector<std::uint32_t>(refs.begin(), refs.end()));
  }
  void row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
           const std::uint64_t* present) override {
    rows.push_back(plain_row(layout, t, bits, present));
  }
  void samples(std::span<const storage::wal::LoggedRun> runs) override {
    for (const auto& run : runs) {
      for (std::size_t i = 0; i < run.t.size(); ++i) {
        sample_list.push_back({run.ref, run.t[i], run.bits[i]});
      }
    }
  }
  void histogram(std::uint32_t ref, std::int64_t t, const nx_histogram& h) override {
    histograms.emplace_back(ref, t, spell(h));
  }
  void start(std::uint32_t ref, std::int64_t t, std::int64_t start_t) override {
    starts.emplace_back(ref, t, start_t);
  }
  void exemplar(const storage::wal::LoggedExemplar& e) override {
    exemplars.emplace_back(e.ref, e.t, e.has_t, e.bits, copy(e.labels));
  }
  void metadata(const storage::wal::LoggedMetadata& m) override {
    metadata_list.emplace_back(m.family, m.type, m.unit, m.help);
  }
  void erase(std::span<const std::uint32_t> refs, std::int64_t mint, std::int64_t maxt) override {
    erased.emplace_back(std::vector<std::uint32_t>(refs.begin(), refs.end()), mint, maxt);
  }

  static Row plain_row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
                       const std::uint64_t* present) {
    Row row{layout, t, {}};
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const bool there = present == nullptr || (present[i / 64] >> i % 64 & 1) != 0;
      row.bits.push_back(there ? std::optional(bits[i]) : std::nullopt);
    }
    return row;
  }

  static Labels copy(std::span<const storage::wal::LabelView> labels) {
    Labels out;
    for (const auto& label : labels) out.emplace_back(label.name, label.value);
    return out;
  }

  // All of a histogram as words.
  static std::vector<std::uint64_t> spell(const nx_histogram& h) {
    std::vector<std::uint64_t> words{static_cast<std::uint64_t>(std::int64_t{h.schema}),
                                     h.is_float,
                                     h.reset_hint,
                                     std::bit_cast<std::uint64_t>(h.zero_threshold),
                                     h.zero_count.u,
                                     h.count.u,
                                     std::bit_cast<std::uint64_t>(h.sum)};
    const auto spans = [&](const nx_span* from, std::uint32_t count) {
      words.push_back(count);
      for (std::uint32_t i = 0; i < count; ++i) {
        words.push_back(static_cast<std::uint64_t>(std::int64_t{from[i].offset}));
        words.push_back(from[i].length);
      }
    };
    const auto buckets = [&](const nx_buckets& from, std::uint32_t count) {
      words.push_back(count);
      for (std::uint32_t i = 0; i < count; ++i) {
        words.push_back(h.is_float != 0 ? std::bit_cast<std::uint64_t>(from.counts[i])
                                        : static_cast<std::uint64_t>(from.deltas[i]));
      }
    };
    spans(h.pos_spans, h.pos_span_count);
    spans(h.neg_spans, h.neg_span_count);
    buckets(h.pos, h.pos_bucket_count);
    buckets(h.neg, h.neg_bucket_count);
    words.push_back(h.custom_value_count);
    for (std::uint32_t i = 0; i < h.custom_value_count; ++i) {
      words.push_back(std::bit_cast<std::uint64_t>(h.custom_values[i]));
    }
    return words;
  }

  std::size_t segments = 0;
  std::vector<std::pair<std::uint32_t, Labels>> series_list;
  std::vector<std::pair<std::uint64_t, std::vector<std::uint32_t>>> layouts;
  std::vector<Row> rows;
  std::vector<Sample> sample_list;
  std::vector<std::tuple<std::uint32_t, std::int64_t, std::vector<std::uint64_t>>> histograms;
  std::vector<std::tuple<std::uint32_t, std::int64_t, std::int64_t>> starts;
  std::vector<std::tuple<std::uint32_t, std::int64_t, bool, std::uint64_t, Labels>> exemplars;
  std::vector<std::tuple<std::string, std::uint32_t, std::string, std::string>> metadata_list;
  std::vector<std::tuple<std::vector<std::uint32_t>, std::int64_t, std::int64_t>> erased;
};

}  // namespace narthex::test
