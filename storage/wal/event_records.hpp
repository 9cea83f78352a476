// SPDX-License-Identifier: Apache-2.0
// event_records.hpp - what is rarer than samples: native histograms, start times, exemplars,
// metadata, deletions. Each record stands for itself. An encoder takes items and then gives the
// payload of a record; what it is given is copied. Used by one thread at a time.
#pragma once

#include "storage/wal/record_types.hpp"

#include <narthex/data.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::storage::wal {

// What all items of a record but metadata begin with, as differences to the item before.
struct RefAndTime {
  std::uint64_t ref = 0;
  std::uint64_t t = 0;
  std::uint64_t start = 0;
};

class EventEncoder {
 public:
  bool empty() const { return body_.empty(); }
  // What the payload has grown to: a record may have kRecordBytesMax.
  std::size_t size_bytes() const { return body_.size(); }
  // Appends the payload and begins the next.
  void finish(Bytes& out);

 protected:
  void put_ref_and_time(std::uint32_t ref, std::int64_t t);
  Bytes body_;
  RefAndTime before_;
};

class HistogramsEncoder : public EventEncoder {  // kHistograms
 public:
  void add(std::uint32_t ref, std::int64_t t, const nx_histogram& histogram);
};

class StartsEncoder : public EventEncoder {  // kStarts
 public:
  // The sample of `ref` at t counts from start_t on.
  void add(std::uint32_t ref, std::int64_t t, std::int64_t start_t);
};

struct LoggedExemplar {
  std::uint32_t ref = 0;
  std::int64_t t = 0;
  bool has_t = false;  // the exemplar's own; else the sample's
  std::uint64_t bits = 0;
  std::span<const LabelView> labels;
};

class ExemplarsEncoder : public EventEncoder {  // kExemplars
 public:
  void add(const LoggedExemplar& exemplar);
};

struct LoggedMetadata {
  std::string_view family;
  std::uint32_t type = 0;  // NX_TYPE_*
  std::string_view unit;
  std::string_view help;
};

class MetadataEncoder : public EventEncoder {  // kMetadata
 public:
  void add(const LoggedMetadata& metadata);
};

// kDelete: samples of the refs in [mint, maxt]. REQUIRES: refs.size() <= kRefsMax.
void encode_delete(std::span<const std::uint32_t> refs, std::int64_t mint, std::int64_t maxt,
                   Bytes& out);

// Each tells the items in turn, views valid during the call; false, and nothing is told, when the
// bytes are no such record.
bool read_histograms(
    ByteView payload,
    const std::function<void(std::uint32_t, std::int64_t, const nx_histogram&)>& take);
bool read_starts(ByteView payload,
                 const std::function<void(std::uint32_t, std::int64_t, std::int64_t)>& take);
bool read_exemplars(ByteView payload, const std::function<void(const LoggedExemplar&)>& take);
bool read_metadata(ByteView payload, const std::function<void(const LoggedMetadata&)>& take);
bool read_delete(ByteView payload, std::vector<std::uint32_t>& refs, std::int64_t& mint,
                 std::int64_t& maxt);

}  // namespace narthex::storage::wal
