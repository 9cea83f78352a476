// SPDX-License-Identifier: Apache-2.0
// write_request.hpp - a remote write 1.0 request (prometheus.WriteRequest). Labels themselves are
// not looked at here: most series are known by the bytes of their labels (series_cache.hpp).
#pragma once

#include "plugins/ingest/remote_write/request_message.hpp"

namespace narthex::ingest::remote_write {

class WriteRequest final : public RequestMessage {
 public:
  bool reports_written() const override { return false; }
  Status parse(std::string_view body) override;
  void make_keys(std::span<SeriesKey> keys) override;
  std::string read_labels(std::uint32_t series, std::size_t labels_max,
                          LabelSet& out) const override;
  ParsedExemplar read_exemplar(const RequestExemplar& exemplar, LabelSet& scratch) const override;

 private:
  void parse_series(std::string_view message);
  void parse_metadata(std::string_view message);
};

}  // namespace narthex::ingest::remote_write
