// SPDX-License-Identifier: Apache-2.0
// body_scratch.hpp - working memory of a text format's parser. While a parse runs it knows the body
// and where TYPE and UNIT lines stood, which is what labels() needs beyond the keys.
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
    describes_ = (options.flags & NX_PARSE_TYPE_UNIT_LABELS) != 0;
    declared_.clear();
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
    Declared now = newest();
    now.at = at;
    now.type = type;
    now.typed = family;
    declared_.push_back(now);
    collator_.type(family, type);
    return emit_pending(sink);
  }
  // From `at` on, series of this family have this unit. REQUIRES: as above.
  void unit_changes(const char* at, std::string_view family, std::string_view unit) {
    Declared now = newest();
    now.at = at;
    now.unit = to_nx(unit);
    now.measured = family;
    declared_.push_back(now);
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
      const Declared& declared = declared_at(place);
      if (made_of == nullptr) normalise_bounds(out.open_series(), declared.type, texts_);
      if (describes_) describe(declared, out);
      const std::string_view twice = out.end_series();
      if (twice.empty()) continue;
      return fail(place, "label name " + quote_excerpt(twice) + " is not unique: invalid sample");
    }
    return {};
  }

 private:
  // What TYPE and UNIT lines have said last, and of which families.
  struct Declared {
    const char* at = nullptr;
    std::uint32_t type = NX_TYPE_UNKNOWN;
    std::string_view typed;
    nx_str unit = NX_STR("");
    std::string_view measured;
  };
  static bool is_series_of(std::string_view family, std::string_view name) {
    if (!name.starts_with(family)) return false;
    static constexpr std::string_view kEndings[] = {
        "", "_total", "_bucket", "_sum", "_count", "_created", "_info", "_gsum", "_gcount"};
    return std::find(std::begin(kEndings), std::end(kEndings), name.substr(family.size())) !=
           std::end(kEndings);
  }
  // Prometheus 3.5 lets a type and a unit stand for all that follows, whatever it is called: here
  // they are those of their family alone.
  static void describe(const Declared& declared, SeriesTable& out) {
    for (const nx_label& label : out.open_series()) {
      if (view(label.name) != "__name__") continue;
      const std::string_view name = view(label.value);
      const bool typed = is_series_of(declared.typed, name);
      const bool measured = is_series_of(declared.measured, name);
      return out.describe(typed ? declared.type : std::uint32_t{NX_TYPE_UNKNOWN},
                          measured ? declared.unit : nx_str());
    }
  }
  bool emit_pending(ParsedSink& sink) {
    while (collator_.pending()) {
      if (rows_.full() && !flush(sink)) return false;
      collator_.emit(rows_, exemplar_labels_);
    }
    return true;
  }
  const Declared& newest() const { return declared_.empty() ? nothing_ : declared_.back(); }
  const Declared& declared_at(const char* at) const {
    const auto next = std::upper_bound(declared_.begin(), declared_.end(), at,
                                       [](const char* p, const Declared& d) { return p < d.at; });
    return next == declared_.begin() ? nothing_ : *std::prev(next);
  }

  std::string_view body_;
  bool describes_ = false;
  const Declared nothing_;
  std::vector<Declared> declared_;  // ascending
  TextArena texts_;
  std::vector<nx_label> exemplar_labels_;
  ClassicCollator collator_;
  ParsedRows rows_;
};

}  // namespace narthex::sdk
