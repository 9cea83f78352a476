// SPDX-License-Identifier: Apache-2.0
// write_request.hpp - a remote write 1.0 request as columns: rows for samples and histograms, and
// for each series where its labels stand in the body. Labels themselves are not looked at here:
// most series are known by the bytes of their labels (series_cache.hpp).
//
// Used by one thread; made once and used again, so that a request of the usual size allocates
// nothing. Everything looks into the body, which outlives its use.
#pragma once

#include "plugins/ingest/remote_write/label_set.hpp"

#include <narthex/data.h>

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace narthex::ingest::remote_write {

struct RequestSeries {
  std::string_view message;  // its whole TimeSeries
  std::string_view labels;   // the bytes of its label fields, when they come first; else empty
  std::uint32_t first_row = 0;
  std::uint32_t row_count = 0;
  std::uint32_t exemplar_count = 0;
};

struct RequestExemplar {
  std::uint32_t series;
  std::string_view message;
};

class WriteRequest {
 public:
  // Throws protozero's exceptions on bytes that are no protobuf; then nothing may be used.
  void parse(std::string_view body);

  std::vector<RequestSeries> series;
  std::vector<std::int64_t> t;   // [rows]
  std::vector<double> v;         // [rows]
  std::vector<std::uint32_t> h;  // [rows] when there are histograms, else empty
  std::vector<nx_histogram> histograms;
  std::vector<RequestExemplar> exemplars;
  std::vector<nx_metadata> metadata;  // of families
  std::size_t rows() const { return t.size(); }

  // Gives the memory of an unusually large request back.
  void shrink();

 private:
  void clear();
  void parse_series(std::string_view message);
  void parse_sample(std::string_view message);
  void add_histogram(std::string_view message);
  void parse_metadata(std::string_view message);

  std::pmr::monotonic_buffer_resource histogram_memory_;
};

struct ParsedExemplar {
  std::vector<nx_label> labels;
  double value = 0;
  std::int64_t t = 0;
};
ParsedExemplar parse_exemplar(std::string_view message, LabelSet& scratch);

}  // namespace narthex::ingest::remote_write
