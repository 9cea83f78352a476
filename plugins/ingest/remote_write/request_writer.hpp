// SPDX-License-Identifier: Apache-2.0
// request_writer.hpp - brings one decoded request into the storage: finds the references of its
// series, appends its columns, and says what was refused and why.
//
// Used by one thread at a time and again for request after request: it keeps its memory.
#pragma once

#include "plugins/ingest/remote_write/label_set.hpp"
#include "plugins/ingest/remote_write/series_cache.hpp"
#include "plugins/ingest/remote_write/write_request.hpp"

#include <narthex/sdk/ingest.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::remote_write {

class RequestWriter {
 public:
  RequestWriter(SeriesCache& cache, LabelLimits limits) : cache_(cache), limits_(limits) {}

  // OK: everything was taken. NX_PARTIAL: the text says how much was not, and the first reason.
  // Other failures: nothing is to be stored.
  Status write(const sdk::RequestAppender& appender, std::string_view decoded);

  // Samples of series with labels that cannot be stored, of the last request.
  std::uint64_t invalid_label_samples() const { return invalid_label_samples_; }
  std::string& body() { return body_; }  // for the decoded bytes
  void shrink();

 private:
  void look_up();
  Status resolve_missing(const sdk::RequestAppender& appender);
  void add_to_table(std::uint32_t series);
  nx_series_table table() const;
  Status append_rows(const sdk::RequestAppender& appender);
  Status append_again(const sdk::RequestAppender& appender);
  Status append_exemplars(const sdk::RequestAppender& appender);
  Status outcome();
  std::string reason(std::uint32_t row, std::uint32_t series) const;

  SeriesCache& cache_;
  const LabelLimits limits_;
  WriteRequest request_;
  std::string body_;
  std::vector<SeriesKey> keys_;         // [series]
  std::vector<std::uint64_t> refs_;     // [series]; 0: no series in the storage
  std::vector<std::uint8_t> codes_;     // [series]; why not: NX_ROW_*
  std::vector<std::uint64_t> row_refs_;
  std::vector<std::uint8_t> row_codes_;
  std::uint64_t invalid_label_samples_ = 0;
  bool storage_full_ = false;
  // The series that are not known yet, as a table.
  LabelSet labels_;
  std::vector<std::uint32_t> missing_;
  std::vector<nx_str> symbols_;
  std::vector<std::uint32_t> label_refs_;
  std::vector<std::uint32_t> label_offsets_;
};

}  // namespace narthex::ingest::remote_write
