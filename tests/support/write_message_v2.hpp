// SPDX-License-Identifier: Apache-2.0
// write_message_v2.hpp - bodies of remote write 2.0, built field by field, so that tests can also
// send what no sender would.
//
//   RequestV2 request;
//   request.series({{"__name__", "up"}}).sample(1, t);
//   const std::string body = request.body();
#pragma once

#include "tests/support/write_message.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::test {

class RequestV2 {
 public:
  class Series {
   public:
    explicit Series(RequestV2& request) : request_(request) {}
    Series& refs(const std::vector<std::uint32_t>& refs) {
      writer().add_packed_uint32(1, refs.begin(), refs.end());
      return *this;
    }
    Series& one_ref(std::uint32_t ref) {
      writer().add_uint32(1, ref);
      return *this;
    }
    Series& sample(double value, std::int64_t t, std::int64_t start = 0) {
      protozero::pbf_writer all = writer();
      protozero::pbf_writer inner(all, 2);
      inner.add_double(1, value);
      inner.add_int64(2, t);
      if (start != 0) inner.add_int64(3, start);
      return *this;
    }
    Series& histogram(const HistogramParts& parts) {
      writer().add_message(3, parts.message());
      return *this;
    }
    Series& exemplar(const std::vector<std::uint32_t>& refs, double value, std::int64_t t) {
      protozero::pbf_writer all = writer();
      protozero::pbf_writer inner(all, 4);
      inner.add_packed_uint32(1, refs.begin(), refs.end());
      inner.add_double(2, value);
      inner.add_int64(3, t);
      return *this;
    }
    Series& exemplar(const TextPairs& labels, double value, std::int64_t t) {
      return exemplar(request_.refs_of(labels), value, t);
    }
    Series& metadata_refs(std::int32_t type, std::uint32_t help, std::uint32_t unit) {
      protozero::pbf_writer all = writer();
      protozero::pbf_writer inner(all, 5);
      inner.add_enum(1, type);
      inner.add_uint32(3, help);
      inner.add_uint32(4, unit);
      return *this;
    }
    Series& metadata(std::int32_t type, std::string_view help, std::string_view unit) {
      return metadata_refs(type, request_.symbol(help), request_.symbol(unit));
    }
    Series& created(std::int64_t t) {
      writer().add_int64(6, t);
      return *this;
    }

   private:
    friend class RequestV2;
    protozero::pbf_writer writer() { return protozero::pbf_writer(bytes_); }

    RequestV2& request_;
    std::string bytes_;
  };

  Series& series(const TextPairs& labels) { return bare().refs(refs_of(labels)); }
  Series& bare() { return series_.emplace_back(*this); }

  std::uint32_t symbol(std::string_view text) {
    const auto at = std::find(symbols_.begin(), symbols_.end(), text);
    if (at != symbols_.end()) return static_cast<std::uint32_t>(at - symbols_.begin());
    symbols_.emplace_back(text);
    return static_cast<std::uint32_t>(symbols_.size() - 1);
  }
  std::vector<std::uint32_t> refs_of(const TextPairs& labels) {
    std::vector<std::uint32_t> refs;
    for (const auto& [name, value] : labels) {
      refs.push_back(symbol(name));
      refs.push_back(symbol(value));
    }
    return refs;
  }
  // Symbols first, as senders write them; or last.
  std::string body(bool symbols_last = false) const {
    std::string symbols, all;
    for (const std::string& s : symbols_) protozero::pbf_writer(symbols).add_string(4, s);
    for (const Series& s : series_) protozero::pbf_writer(all).add_message(5, s.bytes_);
    return symbols_last ? all + symbols : symbols + all;
  }

 private:
  std::vector<std::string> symbols_{""};
  std::deque<Series> series_;
};

}  // namespace narthex::test
