// SPDX-License-Identifier: Apache-2.0
// body_scratch.hpp - working memory of a text format's parser. While a parse runs it knows the body
// and where TYPE lines stood, which is what labels() needs beyond the keys.
#pragma once

#include <narthex/sdk/exposition.hpp>
#include <narthex/sdk/protocol.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::sdk {

class BodyScratch {
 public:
  void begin(std::string_view body, const nx_parse_opts& options) {
    body_ = body;
    types_.clear();
    texts_.clear();
    rows_.begin(options);
  }
  std::string_view body() const { return body_; }
  ParsedRows& rows() { return rows_; }
  // Text that lives until the next flush.
  TextArena& texts() { return texts_; }

  // From `at` on, series are of this type. REQUIRES: ascending.
  void type_changes(const char* at, std::uint32_t type) { types_.push_back({at, type}); }

  Status fail(const char* at, std::string_view text) const {
    return parse_failure(body_, static_cast<std::size_t>(at - body_.data()), text);
  }
  // Sends the rows. False: stop.
  bool flush(ParsedSink& sink) {
    const bool more = rows_.flush(sink);
    texts_.clear();
    return more;
  }

  // labels() of both text formats. REQUIRES: keys are slices of the body.
  Status read_series(std::span<const nx_str> keys, SeriesSyntax syntax, SeriesTable& out) {
    for (const nx_str& key : keys) {
      const SeriesError error = SeriesReader(view(key), syntax, texts_, out.pairs()).read();
      if (!error.ok()) return fail(key.ptr + error.at, error.text);
      normalise_bounds(out.open_series(), type_at(key.ptr), texts_);
      const std::string_view twice = out.end_series();
      if (twice.empty()) continue;
      return fail(key.ptr, "label name " + quote_excerpt(twice) + " is not unique: invalid sample");
    }
    return {};
  }

 private:
  struct TypeChange {
    const char* at;
    std::uint32_t type;
  };
  std::uint32_t type_at(const char* at) const {
    const auto next = std::upper_bound(types_.begin(), types_.end(), at,
                                       [](const char* p, const TypeChange& t) { return p < t.at; });
    return next == types_.begin() ? std::uint32_t{NX_TYPE_UNKNOWN} : std::prev(next)->type;
  }

  std::string_view body_;
  std::vector<TypeChange> types_;
  TextArena texts_;
  ParsedRows rows_;
};

}  // namespace narthex::sdk
