// SPDX-License-Identifier: Apache-2.0
// classic_collator.hpp - NX_PARSE_NHCB for the text formats: the lines of one classic histogram,
// which follow each other, become one row with a native histogram of custom buckets. By the rules
// of Prometheus 3.5.
//
// The parser adds a row for each line as ever and calls line() then, which may take it back. A
// histogram is finished by the line after it, by a TYPE line or by the end of the body: pending()
// tells so, and emit() adds its row. Used by one thread.
#pragma once

#include <narthex/sdk/bump_arena.hpp>
#include <narthex/sdk/classic_histogram.hpp>
#include <narthex/sdk/protocol.hpp>
#include <narthex/sdk/series_text.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::sdk {

class ClassicCollator {
 public:
  void begin(std::uint32_t flags, SeriesSyntax syntax) {
    wanted_ = (flags & NX_PARSE_NHCB) != 0;
    keep_ = (flags & NX_PARSE_KEEP_CLASSIC) != 0;
    syntax_ = syntax;
    histogram_ = open_ = false;
    finished_.clear();
    arena_.clear();
  }
  // A TYPE line.
  void type(std::string_view family, std::uint32_t type) {
    if (!wanted_) return;
    close();
    family_ = family;
    histogram_ = type == NX_TYPE_HISTOGRAM;
  }
  // Lines have to be shown to line().
  bool active() const { return histogram_; }

  // The newest row is that of a line of an active family. `labels` are those of the exemplars of
  // the rows so far.
  void line(std::string_view key, ParsedRows& rows, std::vector<nx_label>& labels) {
    Kind kind = Kind::kOther;
    double bound = 0;
    if (text_.split(key, syntax_)) kind = kind_of(bound);
    if (kind == Kind::kOther) return close();
    name_.clear();
    text_.write(family_, "le", {}, name_);
    if (open_ && name_ != open_name_) close();
    if (!open_) open(key);
    const ParsedRows::Row row = rows.newest();
    last_ = row;
    switch (kind) {
      case Kind::kBucket:
        classic_.add_bucket(bound, row.value);
        break;
      case Kind::kCount:
        classic_.set_count(row.value);
        break;
      case Kind::kSum:
        classic_.set_sum(row.value);
        break;
      case Kind::kOther:
        break;
    }
    keep_exemplar(rows, labels);
    if (!keep_) rows.take_back();
  }
  // The body is over.
  void end() { close(); }

  bool pending() const { return !finished_.empty(); }
  // Adds the row of a finished histogram. REQUIRES: pending(), and room for a row.
  void emit(ParsedRows& rows, std::vector<nx_label>& labels) {
    const Finished& done = finished_.back();
    rows.add(done.key, 0);
    if (done.row.own) rows.set_time(done.row.t);
    rows.set_start(done.row.st);
    rows.set_histogram(done.histogram);
    for (const Exemplar& each : done.exemplars) {
      labels.insert(labels.end(), each.labels.begin(), each.labels.end());
      rows.add_exemplar(each.exemplar);
    }
    finished_.pop_back();
  }
  // After a flush of the rows: what they pointed to goes, unless a histogram is on its way.
  void flushed() {
    if (!open_ && finished_.empty()) arena_.clear();
  }
  // Where the line stands that a key was made of; nullptr: it is none of ours.
  static const char* place_of(nx_str key, std::string_view body) {
    if (key.ptr >= body.data() && key.ptr < body.data() + body.size()) return nullptr;
    const char* place = nullptr;
    std::memcpy(&place, key.ptr - sizeof place, sizeof place);
    return place;
  }

 private:
  enum class Kind { kOther, kBucket, kCount, kSum };
  struct Exemplar {
    nx_exemplar exemplar;
    std::vector<nx_label> labels;
  };
  struct Finished {
    std::string_view key;
    ParsedRows::Row row;
    nx_histogram histogram;
    std::vector<Exemplar> exemplars;
  };

  Kind kind_of(double& bound) const {
    const std::string_view name = text_.name();
    if (!name.starts_with(family_)) return Kind::kOther;
    const std::string_view suffix = name.substr(family_.size());
    if (suffix == "_count") return Kind::kCount;
    if (suffix == "_sum") return Kind::kSum;
    if (suffix != "_bucket") return Kind::kOther;
    const std::string_view le = text_.value("le");
    const bool good = parse_number(le, bound) == NumberError::kNone && !std::isnan(bound);
    return good ? Kind::kBucket : Kind::kOther;
  }

  void open(std::string_view key) {
    open_ = true;
    open_name_ = name_;
    place_ = key.data();
    classic_.clear();
    exemplars_.clear();
  }
  void close() {
    if (!std::exchange(open_, false)) return;
    const auto histogram = classic_.convert(arena_);
    if (!histogram) return;
    char* const bytes = arena_.take<char>(sizeof place_ + open_name_.size());
    std::memcpy(bytes, &place_, sizeof place_);
    std::memcpy(bytes + sizeof place_, open_name_.data(), open_name_.size());
    finished_.push_back({std::string_view(bytes + sizeof place_, open_name_.size()), last_,
                         *histogram, std::move(exemplars_)});
    exemplars_.clear();
  }

  // The line's exemplar goes to the histogram, if it has a time.
  void keep_exemplar(ParsedRows& rows, std::vector<nx_label>& labels) {
    nx_exemplar exemplar;
    if (!rows.take_back_exemplar(exemplar)) return;
    const std::size_t first = labels.size() - exemplar.label_count;
    if ((exemplar.flags & NX_EXEMPLAR_HAS_T) != 0) {
      Exemplar& kept = exemplars_.emplace_back(Exemplar{exemplar, {}});
      for (std::size_t i = first; i < labels.size(); ++i) {
        kept.labels.push_back(
            {to_nx(arena_.keep(view(labels[i].name))), to_nx(arena_.keep(view(labels[i].value)))});
      }
    }
    labels.resize(first);
  }

  bool wanted_ = false;
  bool keep_ = false;
  bool histogram_ = false;  // the family is one
  SeriesSyntax syntax_;
  std::string_view family_;
  SeriesText text_;
  std::string name_;  // of the line's histogram

  bool open_ = false;
  std::string open_name_;
  const char* place_ = nullptr;  // of its first line
  ClassicHistogram classic_;
  ParsedRows::Row last_;
  std::vector<Exemplar> exemplars_;

  std::vector<Finished> finished_;  // one at most, but for the moment of a call
  BumpArena arena_;
};

}  // namespace narthex::sdk
