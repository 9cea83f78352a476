// SPDX-License-Identifier: Apache-2.0
// write_request_v2.hpp - a remote write 2.0 request (io.prometheus.write.v2.Request). A series
// names its labels by references into a table of symbols that belongs to the request; its key is
// made of the symbols' texts, so that a known series is found without looking at its labels.
//
// Start times come with each sample or histogram, or once a series, as older senders have them.
#pragma once

#include "plugins/ingest/remote_write/request_message.hpp"
#include "plugins/ingest/remote_write/symbol_table.hpp"

namespace narthex::ingest::remote_write {

class WriteRequestV2 final : public RequestMessage {
 public:
  bool reports_written() const override { return true; }
  Status parse(std::string_view body) override;
  void make_keys(std::span<SeriesKey> keys) override;
  std::string read_labels(std::uint32_t series, std::size_t labels_max,
                          LabelSet& out) const override;
  ParsedExemplar read_exemplar(const RequestExemplar& exemplar, LabelSet& scratch) const override;
  SeriesMetadata metadata_of(std::uint32_t series) const override;
  void shrink() override;

 private:
  struct MetadataRefs {
    std::uint32_t type = NX_TYPE_UNKNOWN;
    std::uint32_t help = 0;
    std::uint32_t unit = 0;
    bool given = false;
  };
  void parse_series(std::string_view message);
  static MetadataRefs parse_metadata(std::string_view message);
  std::string add_labels(std::string_view message, std::size_t labels_max, LabelSet& out) const;
  std::string text_of_bad_ref(std::uint32_t ref) const;

  SymbolTable symbols_;
  std::vector<MetadataRefs> metadata_;  // [series]
};

}  // namespace narthex::ingest::remote_write
