// SPDX-License-Identifier: Apache-2.0
// frame.hpp - one frame of the log: series that get a number in their segment, and the rows of a
// transaction under these numbers, as columns. agent/remote_write/README.md has the bytes.
//
// FrameBuilder and Frame are used by one thread at a time.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::remote_write {

using LabelView = std::pair<std::string_view, std::string_view>;

// Writes a frame: series first, then rows, then take().
class FrameBuilder {
 public:
  void series(std::uint32_t id, std::string_view encoded_labels);
  void sample(std::uint32_t id, std::int64_t t, std::int64_t start, double value);
  void histogram(std::uint32_t id, std::int64_t t, std::int64_t start, std::string_view encoded);
  void exemplar(std::uint32_t id, std::int64_t t, double value, std::string_view encoded_labels);
  std::uint32_t rows() const { return samples_ + histograms_ + exemplars_; }
  std::size_t size_bytes() const;
  // Bytes of the series that were added since the last take().
  std::size_t series_bytes() const { return series_bytes_.size(); }

  // The frame, head included; the builder is empty again.
  std::string take();

 private:
  void id_and_time(std::string& out, std::uint32_t id, std::int64_t t);

  std::uint32_t series_ = 0, samples_ = 0, histograms_ = 0, exemplars_ = 0;
  std::uint32_t last_id_ = 0;
  std::int64_t last_t_ = 0;
  bool has_starts_ = false;
  std::string series_bytes_, keys_, starts_, values_, histogram_bytes_, exemplar_bytes_;
};

// Labels as builders want them.
void encode_label(std::string& out, std::string_view name, std::string_view value);

// A frame as read: everything looks into it.
class Frame {
 public:
  struct Series {
    std::uint32_t id;
    std::vector<LabelView> labels;
  };
  struct HistogramRow {
    std::uint32_t id;
    std::int64_t t;
    std::int64_t start;
    nx_histogram histogram;
  };
  struct ExemplarRow {
    std::uint32_t id;
    std::int64_t t;
    double value;
    std::vector<LabelView> labels;
  };

  static constexpr std::size_t kHeadBytes = 16;
  static constexpr std::uint32_t kPayloadMax = 64u << 20;
  struct Head {
    std::uint32_t payload_bytes = 0;
    std::uint32_t check = 0;
    std::uint32_t rows = 0;
  };
  // Nothing where no frame can begin with these bytes.
  static bool read_head(std::string_view bytes, Head& out);

  // NX_ERR_INVALID_DATA: the payload is not what the head says.
  Status decode(const Head& head, std::string_view payload);

  std::size_t rows() const { return id.size() + histograms.size() + exemplars.size(); }
  std::vector<Series> series;
  std::vector<std::uint32_t> id;  // [samples]
  std::vector<std::int64_t> t;    // [samples]
  std::vector<std::int64_t> st;   // [samples] or empty; 0: unknown
  std::vector<double> v;          // [samples]
  std::vector<HistogramRow> histograms;
  std::vector<ExemplarRow> exemplars;

 private:
  bool parse();

  std::string bytes_;
  std::pmr::monotonic_buffer_resource memory_;
};

}  // namespace narthex::remote_write
