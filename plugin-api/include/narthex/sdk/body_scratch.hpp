// SPDX-License-Identifier: Apache-2.0
// body_scratch.hpp - working memory of a text format's parser. While a parse runs it knows the body
// and where TYPE lines stood, which is what labels() needs beyond the keys.
#pragma once

#include <narthex/sdk/classic_collator.hpp>
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
  void begin(std::string_view body, const nx_parse_opts& options, SeriesSyntax syntax) {
    body_ = body;
    exemplar_labels_.clear();
    collator_.begin(options.flags, syntax);
    types_.clear();
    texts_.clear();
    rows_.begin(options);
  }
  std::string_view body() const { return body_; }
  ParsedRows& rows() { return rows_; }
  // Text that lives until the next flush.
  TextArena& texts() { return texts_; }
  // The labels of the exemplars of the rows that are on their way, one after the other.
  std::vector<nx_label>& exemplar_labels() { return exemplar_labels_; }

  // The row that was just added stands for `key`. False: stop.
  bool added(std::string_view key, ParsedSink& sink) {
    if (!collator_.active()) return true;
    collator_.line(key, rows_, exemplar_labels_);
    return emit_pending(sink);
  }
  // From `at` on, series of this family are of this type. REQUIRES: ascending. False: stop.
  bool type_changes(const char* at, std::string_view family, std::uint32_t type, ParsedSink& sink) {
    types_.push_back({at, type});
    collator_.type(family, type);
    return emit_pending(sink);
  }
  // The body is over.
  void end(ParsedSink& sink) {
    collator_.end();
    if (emit_pending(sink)) (void)flush(sink);
  }

  Status fail(const char* at, std::string_view text) const {
    return parse_failure(body_, static_cast<std::size_t>(at - body_.data()), text);
  }
  // Sends the rows. False: stop.
  bool flush(ParsedSink& sink) {
    // The label array does not move any more now.
    rows_.place_exemplars(exemplar_labels_.data());
    const bool more = rows_.flush(sink);
    exemplar_labels_.clear();
    texts_.clear();
    collator_.flushed();
    return more;
  }

  // labels() of both text formats.
  Status read_series(std::span<const nx_str> keys, SeriesSyntax syntax, SeriesTable& out) {
    for (const nx_str& key : keys) {
      const SeriesError error = SeriesReader(view(key), syntax, texts_, out.pairs()).read();
      const char* const made_of = ClassicCollator::place_of(key, body_);
      const char* const place = made_of != nullptr ? made_of : key.ptr;
      if (!error.ok()) return fail(made_of != nullptr ? place : place + error.at, error.text);
      if (made_of == nullptr) normalise_bounds(out.open_series(), type_at(place), texts_);
      const std::string_view twice = out.end_series();
      if (twice.empty()) continue;
      return fail(place, "label name " + quote_excerpt(twice) + " is not unique: invalid sample");
    }
    return {};
  }

 private:
  struct TypeChange {
    const char* at;
    std::uint32_t type;
  };
  bool emit_pending(ParsedSink& sink) {
    while (collator_.pending()) {
      if (rows_.full() && !flush(sink)) return false;
      collator_.emit(rows_, exemplar_labels_);
    }
    return true;
  }
  std::uint32_t type_at(const char* at) const {
    const auto next = std::upper_bound(types_.begin(), types_.end(), at,
                                       [](const char* p, const TypeChange& t) { return p < t.at; });
    return next == types_.begin() ? std::uint32_t{NX_TYPE_UNKNOWN} : std::prev(next)->type;
  }

  std::string_view body_;
  std::vector<TypeChange> types_;
  TextArena texts_;
  std::vector<nx_label> exemplar_labels_;
  ClassicCollator collator_;
  ParsedRows rows_;
};

}  // namespace narthex::sdk
