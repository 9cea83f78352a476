// SPDX-License-Identifier: Apache-2.0
// request_writer.hpp - brings one decoded request into the storage: finds the references of its
// series, appends its columns, and says what was written, what was refused and why.
//
// Used by one thread at a time and again for request after request: it keeps its memory.
#pragma once

#include "plugins/ingest/remote_write/content.hpp"
#include "plugins/ingest/remote_write/unknown_series.hpp"
#include "plugins/ingest/remote_write/write_request.hpp"
#include "plugins/ingest/remote_write/write_request_v2.hpp"

#include <narthex/sdk/ingest.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::remote_write {

struct WrittenCounts {
  std::uint64_t samples = 0;
  std::uint64_t histograms = 0;
  std::uint64_t exemplars = 0;
};

class RequestWriter {
 public:
  // describe: series get the labels __type__ and __unit__ of their metadata.
  RequestWriter(SeriesCache& cache, LabelLimits limits, bool describe = false)
      : cache_(cache), limits_(limits), describe_(describe) {}

  // OK: everything was taken. NX_PARTIAL: the text says how much was not, and the first reason.
  // Other failures: nothing is to be stored.
  Status write(const sdk::RequestAppender& appender, Version version, std::string_view decoded);

  // Of the last request, if it was understood. Nothing where nothing is to be stored.
  const std::optional<WrittenCounts>& written() const { return written_; }
  // Samples of series with labels that cannot be stored, of the last request.
  std::uint64_t invalid_label_samples() const { return invalid_label_samples_; }
  std::string& body() { return body_; }  // for the decoded bytes
  void shrink();

 private:
  Status store(const sdk::RequestAppender& appender);
  void look_up();
  Status resolve_missing(const sdk::RequestAppender& appender);
  void add_unknown(std::uint32_t series);
  void add_metadata();
  void remember_metadata();
  Status append_rows(const sdk::RequestAppender& appender);
  Status append_again(const sdk::RequestAppender& appender);
  Status append_exemplars(const sdk::RequestAppender& appender);
  void count_written();
  Status outcome();
  Status refused_rows(std::size_t refused);
  std::string reason(std::uint32_t row, std::uint32_t series) const;
  const RequestColumns& columns() const { return request_->columns; }

  SeriesCache& cache_;
  const LabelLimits limits_;
  const bool describe_;
  WriteRequest version1_;
  WriteRequestV2 version2_;
  RequestMessage* request_ = &version1_;  // one of them
  std::string body_;
  std::vector<SeriesKey> keys_;              // [series]
  std::vector<KnownSeries> known_;           // [series]; ref 0: no series in the storage
  std::vector<std::uint8_t> codes_;          // [series]; why not: NX_ROW_*
  std::vector<SeriesCache::Known> stamped_;  // series whose metadata this request renews
  std::vector<std::uint64_t> row_refs_;
  std::vector<std::uint8_t> row_codes_;
  bool rows_refused_ = false;  // some, when they were appended first: else no row need be looked at
  std::optional<WrittenCounts> written_;
  std::uint64_t exemplars_refused_ = 0;
  std::uint32_t exemplar_series_ = 0;  // the first that was refused one
  std::uint64_t invalid_label_samples_ = 0;
  bool storage_full_ = false;
  LabelSet labels_;
  UnknownSeries unknown_;
};

}  // namespace narthex::ingest::remote_write
