// SPDX-License-Identifier: Apache-2.0
// request_columns.hpp - what a remote write request holds, as columns: rows for samples and
// histograms, and for each series where its labels stand in the body. Filled by write_request.hpp
// (1.0) and write_request_v2.hpp (2.0); used by one thread, again and again, so that a request of
// the usual size allocates nothing. Everything looks into the body, which outlives its use.
#pragma once

#include <narthex/data.h>

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace narthex::ingest::remote_write {

// Most series, and most symbols, of one request: a body of empty ones would otherwise cost many
// times its own size.
inline constexpr std::size_t kSeriesMax = std::size_t{1} << 21;

struct RequestSeries {
  std::string_view message;  // its whole TimeSeries
  // The bytes that name the series (1.0: its label fields, 2.0: its references to symbols) when
  // they stand in one piece; else empty.
  std::string_view labels;
  std::uint32_t first_row = 0;
  std::uint32_t row_count = 0;
  std::uint32_t exemplar_count = 0;
};

struct RequestExemplar {
  std::uint32_t series;
  std::string_view message;
};

class RequestColumns {
 public:
  std::vector<RequestSeries> series;
  std::vector<std::int64_t> t;   // [rows]
  std::vector<std::int64_t> st;  // [rows] when a start time is known, else empty; 0: unknown
  std::vector<double> v;         // [rows]
  std::vector<std::uint32_t> h;  // [rows] when there are histograms, else empty
  std::vector<nx_histogram> histograms;
  std::vector<RequestExemplar> exemplars;
  std::vector<nx_metadata> metadata;  // of families
  std::size_t rows() const { return t.size(); }

  void begin_series(std::string_view message);
  void end_series();
  // Each reads its message; other fields are skipped. They throw protozero's exceptions.
  void add_sample(std::string_view message);
  // Takes fields 2 as long as they are samples of the usual form, and returns what is behind them.
  // Many samples of a series cost a fraction of what they do one by one.
  std::string_view add_plain_samples(std::string_view bytes);
  void add_histogram(std::string_view message);
  void add_exemplar(std::string_view message);
  // For rows of the current series that have no start time of their own.
  void set_series_start(std::int64_t start_ms);

  void clear();
  // Gives the memory of an unusually large request back.
  void shrink();

 private:
  void add_row(std::int64_t time, double value, std::int64_t start);

  std::pmr::monotonic_buffer_resource histogram_memory_;
};

}  // namespace narthex::ingest::remote_write
