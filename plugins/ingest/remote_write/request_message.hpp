// SPDX-License-Identifier: Apache-2.0
// request_message.hpp - what a request is to the writer that stores it, whichever version of the
// protocol it came in: columns, a key a series, and labels when they are asked for.
#pragma once

#include "plugins/ingest/remote_write/label_set.hpp"
#include "plugins/ingest/remote_write/request_columns.hpp"
#include "plugins/ingest/remote_write/series_cache.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::remote_write {

struct ParsedExemplar {
  std::vector<nx_label> labels;
  double value = 0;
  std::int64_t t = 0;
  bool problem = false;  // it names symbols that are not there
};

// Type, help and unit that a request has for one of its series.
struct SeriesMetadata {
  std::uint64_t stamp = 0;  // equal when the texts are; 0: the request says nothing
  std::uint32_t type = NX_TYPE_UNKNOWN;
  std::string_view help;
  std::string_view unit;
};

// Used by one thread, for request after request.
class RequestMessage {
 public:
  virtual ~RequestMessage() = default;

  // Whether whoever sent it is told how much was written, and of exemplars that were refused.
  virtual bool reports_written() const = 0;
  // Reads a body, which outlives the use of everything below. Throws protozero's exceptions on
  // bytes that are no protobuf; then nothing may be used.
  virtual Status parse(std::string_view body) = 0;
  // keys[i] names columns.series[i]. A series without `labels` in one piece has no use for it.
  virtual void make_keys(std::span<SeriesKey> keys) = 0;
  // Reads the labels of a series. Empty, or what is wrong with them as bytes.
  virtual std::string read_labels(std::uint32_t series, std::size_t labels_max,
                                  LabelSet& out) const = 0;
  virtual ParsedExemplar read_exemplar(const RequestExemplar& exemplar,
                                       LabelSet& scratch) const = 0;
  virtual SeriesMetadata metadata_of(std::uint32_t) const { return {}; }
  virtual void shrink() { columns.shrink(); }

  RequestColumns columns;

 protected:
  // Each exemplar label has at least one character, of 128 in all.
  static constexpr std::size_t kExemplarLabelsMax = 129;
};

}  // namespace narthex::ingest::remote_write
