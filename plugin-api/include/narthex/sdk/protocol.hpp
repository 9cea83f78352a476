// SPDX-License-Identifier: Apache-2.0
// protocol.hpp - scrape parsers in C++: the adapter from a class to nx_parser, and the batch that a
// parser fills.
//
// The class T has the members of component.hpp and
//   static constexpr nx_str kContentTypes[], kProtocolNames[];   of equal length
//   class Scratch;                                               default constructible
//   static Status parse(Scratch&, nx_buffer& body, const nx_parse_opts&, ParsedSink);
//   static Status labels(Scratch&, std::span<const nx_str> keys, SeriesTable& out);
#pragma once

#include <narthex/protocol.h>
#include <narthex/sdk/component.hpp>
#include <narthex/sdk/metric_type.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::sdk {

// Where batches go. False from push(): the host wants no more; parse() returns status() then.
class ParsedSink {
 public:
  ParsedSink(nx_parsed_sink sink, void* context) : sink_(sink), context_(context) {}
  bool push(const nx_parsed& parsed) {
    code_ = sink_(context_, &parsed);
    return code_ == NX_OK;
  }
  nx_status code() const { return code_; }

 private:
  nx_parsed_sink sink_;
  void* context_;
  nx_status code_ = NX_OK;
};

// Rows on their way to the host, flushed whenever `max_rows` have come together. Reusable.
class ParsedRows {
 public:
  void begin(const nx_parse_opts& options) {
    capacity_ = options.max_rows != 0 ? options.max_rows : 4096;
    keys_.resize(capacity_);
    values_.resize(capacity_);
    times_.assign(capacity_, options.default_t);
    own_.assign((capacity_ + 63) / 64, 0);
    starts_.clear();
    histogram_at_.clear();
    default_t_ = options.default_t;
    clear();
  }

  bool full() const { return rows_ == capacity_; }
  std::uint32_t rows() const { return rows_; }
  // REQUIRES: not full().
  void add(std::string_view key, double value) {
    keys_[rows_] = to_nx(key);
    values_[rows_] = value;
    ++rows_;
  }
  // Gives the newest row a time of its own.
  void set_time(std::int64_t t) {
    const std::uint32_t row = rows_ - 1;
    times_[row] = t;
    own_[row / 64] |= std::uint64_t{1} << (row % 64);
    any_own_ = true;
  }
  // When the counting of the newest row began; 0: unknown.
  void set_start(std::int64_t st) {
    if (st == 0) return;
    if (starts_.empty()) starts_.assign(capacity_, 0);
    starts_[rows_ - 1] = st;
    any_start_ = true;
  }
  // Makes the newest row a native histogram. Its arrays are the caller's and live until the flush
  // returns.
  void set_histogram(const nx_histogram& histogram) {
    if (histogram_at_.empty()) histogram_at_.assign(capacity_, NX_NONE);
    histogram_at_[rows_ - 1] = static_cast<std::uint32_t>(histograms_.size());
    histograms_.push_back(histogram);
  }
  struct Row {
    double value = 0;
    std::int64_t t = 0;
    std::int64_t st = 0;  // 0: unknown
    bool own = false;     // t comes from the body
  };
  // REQUIRES: rows() != 0, as the two below do.
  Row newest() const {
    const std::uint32_t row = rows_ - 1;
    return {values_[row], times_[row], any_start_ ? starts_[row] : 0,
            (own_[row / 64] >> (row % 64) & 1) != 0};
  }
  // Undoes the newest row, which has neither a histogram nor exemplars.
  void take_back() {
    const std::uint32_t row = --rows_;
    times_[row] = default_t_;
    own_[row / 64] &= ~(std::uint64_t{1} << (row % 64));
    if (any_start_) starts_[row] = 0;
  }
  // Undoes the newest exemplar of the newest row. False: it has none.
  bool take_back_exemplar(nx_exemplar& out) {
    if (exemplars_.empty() || exemplars_.back().row != rows_ - 1) return false;
    out = exemplars_.back();
    exemplars_.pop_back();
    return true;
  }
  // An exemplar of the newest row. Its labels follow those of the exemplar before in an array of
  // the caller, which place_exemplars() names.
  void add_exemplar(nx_exemplar exemplar) {
    exemplar.row = rows_ - 1;
    exemplars_.push_back(exemplar);
  }
  // Before a flush: where the labels of the exemplars begin. They live until the flush returns.
  void place_exemplars(const nx_label* labels) {
    for (nx_exemplar& exemplar : exemplars_) {
      exemplar.labels = labels;
      labels += exemplar.label_count;
    }
  }
  // What is known about a family; lines about one family that follow each other are one entry.
  nx_metadata& family(std::string_view name) {
    if (metadata_.empty() || view(metadata_.back().family) != name) {
      nx_metadata entry{};
      entry.series = NX_NONE;
      entry.family = to_nx(name);
      metadata_.push_back(entry);
    }
    return metadata_.back();
  }

  // Sends what there is. False: stop.
  bool flush(ParsedSink& sink) {
    if (rows_ == 0 && metadata_.empty()) return true;
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.rows = rows_;
    batch.t = times_.data();
    batch.st = any_start_ ? starts_.data() : nullptr;
    batch.v = values_.data();
    batch.h = histograms_.empty() ? nullptr : histogram_at_.data();
    batch.hists = histograms_.data();
    batch.hist_count = static_cast<std::uint32_t>(histograms_.size());
    batch.exemplars = exemplars_.data();
    batch.exemplar_count = static_cast<std::uint32_t>(exemplars_.size());
    batch.meta = metadata_.data();
    batch.meta_count = static_cast<std::uint32_t>(metadata_.size());
    nx_parsed parsed{};
    parsed.struct_size = sizeof parsed;
    parsed.key = keys_.data();
    parsed.batch = &batch;
    parsed.own_t = any_own_ ? own_.data() : nullptr;
    const bool more = sink.push(parsed);
    clear();
    return more;
  }

 private:
  void clear() {
    if (any_own_) {
      std::fill(times_.begin(), times_.end(), default_t_);
      std::fill(own_.begin(), own_.end(), 0);
    }
    if (any_start_) std::fill(starts_.begin(), starts_.end(), 0);
    if (!histograms_.empty()) std::fill(histogram_at_.begin(), histogram_at_.end(), NX_NONE);
    any_own_ = any_start_ = false;
    rows_ = 0;
    histograms_.clear();
    exemplars_.clear();
    metadata_.clear();
  }

  std::uint32_t capacity_ = 0;
  std::uint32_t rows_ = 0;
  std::int64_t default_t_ = 0;
  bool any_own_ = false;
  bool any_start_ = false;
  std::vector<nx_str> keys_;
  std::vector<double> values_;
  std::vector<std::int64_t> times_;
  std::vector<std::uint64_t> own_;
  std::vector<std::int64_t> starts_;         // empty until there is one
  std::vector<std::uint32_t> histogram_at_;  // empty until there is one
  std::vector<nx_histogram> histograms_;
  std::vector<nx_exemplar> exemplars_;
  std::vector<nx_metadata> metadata_;
};

// A table of series under construction. Pairs are sorted by name when a series ends.
class SeriesTable {
 public:
  void clear() {
    pairs_.clear();
    offsets_.assign(1, 0);
  }
  // The pairs of the series being built go to the end of this.
  std::vector<nx_label>& pairs() { return pairs_; }
  std::span<nx_label> open_series() { return std::span(pairs_).subspan(offsets_.back()); }
  // What the metadata of its family says, as labels of the series being built, in place of those
  // that it brings itself (NX_PARSE_TYPE_UNIT_LABELS). An unknown type and an empty unit say
  // nothing. Texts stay the caller's.
  void describe(std::uint32_t type, nx_str unit) {
    if (const nx_str name = type_label(type); name.len != 0) put(NX_STR("__type__"), name);
    if (unit.len != 0) put(NX_STR("__unit__"), unit);
  }
  // Ends the series. Not empty: the name that it has twice.
  std::string_view end_series() {
    const std::span<nx_label> series = open_series();
    const auto by_name = [](const nx_label& a, const nx_label& b) {
      return view(a.name) < view(b.name);
    };
    if (!std::is_sorted(series.begin(), series.end(), by_name)) {
      std::stable_sort(series.begin(), series.end(), by_name);
    }
    const auto twice = std::adjacent_find(
        series.begin(), series.end(),
        [](const nx_label& a, const nx_label& b) { return view(a.name) == view(b.name); });
    offsets_.push_back(static_cast<std::uint32_t>(pairs_.size()));
    return twice != series.end() ? view(twice->name) : std::string_view();
  }
  // The ABI's view of it; valid until the next change.
  nx_series_table table() {
    symbols_.resize(pairs_.size() * 2);
    references_.resize(pairs_.size() * 2);
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      symbols_[2 * i] = pairs_[i].name;
      symbols_[2 * i + 1] = pairs_[i].value;
      references_[2 * i] = static_cast<std::uint32_t>(2 * i);
      references_[2 * i + 1] = static_cast<std::uint32_t>(2 * i + 1);
    }
    nx_series_table table{};
    table.struct_size = sizeof table;
    table.series_count = static_cast<std::uint32_t>(offsets_.size() - 1);
    table.symbol_count = static_cast<std::uint32_t>(symbols_.size());
    table.symbols = symbols_.data();
    table.label_ref = references_.data();
    table.label_off = offsets_.data();
    return table;
  }

 private:
  void put(nx_str name, nx_str value) {
    for (nx_label& label : open_series()) {
      if (view(label.name) != view(name)) continue;
      label.value = value;
      return;
    }
    pairs_.push_back({name, value});
  }

  std::vector<nx_label> pairs_;
  std::vector<std::uint32_t> offsets_{0};
  std::vector<nx_str> symbols_;
  std::vector<std::uint32_t> references_;
};

// "line L, column C: text" for byte `at` of the body; both count from 1, columns in bytes.
inline Status parse_failure(std::string_view body, std::size_t at, std::string_view text) {
  const std::string_view before = body.substr(0, std::min(at, body.size()));
  const std::size_t lines =
      static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t newline = before.rfind('\n');
  const std::size_t column =
      newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
  std::string message = "line " + std::to_string(lines + 1);
  message += ", column " + std::to_string(column) + ": ";
  message += text;
  return invalid_data(std::move(message));
}

template <class T>
struct Parser {
  static_assert(std::size(T::kContentTypes) == std::size(T::kProtocolNames));

  static const nx_component* component() {
    static const nx_parser table = [] {
      nx_parser p{};
      p.struct_size = sizeof p;
      p.content_types = T::kContentTypes;
      p.content_type_count = std::size(T::kContentTypes);
      p.protocol_names = T::kProtocolNames;
      p.parse = &parse;
      p.labels = &labels;
      p.scratch_new = &scratch_new;
      p.scratch_free = [](void* scratch) { delete static_cast<Scratch*>(scratch); };
      return p;
    }();
    static const nx_interface interfaces[] = {{NX_STR(NX_PARSER_ID), &table}};
    static const nx_component component = describe<T>(interfaces);
    return &component;
  }

 private:
  struct Scratch {
    typename T::Scratch parser;
    SeriesTable table;
  };

  // NULL when there is no memory, also for what a Scratch makes of itself.
  static void* scratch_new(void*) noexcept {
    void* made = nullptr;
    (void)guard(nullptr, [&] { made = new Scratch; });
    return made;
  }
  static nx_status parse(void*, void* scratch, nx_buffer* body, const nx_parse_opts* opts,
                         nx_parsed_sink sink, void* context, nx_error* err) noexcept {
    return guard(err, [&]() -> nx_status {
      ParsedSink out(sink, context);
      const Status status = T::parse(static_cast<Scratch*>(scratch)->parser, *body, *opts, out);
      if (!status.ok()) return fail(err, status);
      return out.code();
    });
  }
  static nx_status labels(void*, void* scratch, const nx_str* keys, std::uint64_t count,
                          nx_series_sink sink, void* context, nx_error* err) noexcept {
    return guard(err, [&]() -> nx_status {
      auto& s = *static_cast<Scratch*>(scratch);
      s.table.clear();
      const Status status = T::labels(s.parser, std::span(keys, count), s.table);
      if (!status.ok()) return fail(err, status);
      const nx_series_table table = s.table.table();
      sink(context, &table);
      return NX_OK;
    });
  }
};

}  // namespace narthex::sdk
