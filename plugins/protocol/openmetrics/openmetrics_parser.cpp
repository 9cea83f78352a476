// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/openmetrics/openmetrics_parser.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::openmetrics {
namespace {

constexpr sdk::SeriesSyntax kSeriesSyntax{};
constexpr sdk::SeriesSyntax kExemplarSyntax{.exemplar = true};
constexpr std::string_view kNoEof = "data does not end with # EOF";

bool ends_token(char c) { return c == ' ' || c == '\n'; }

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

std::uint32_t type_named(std::string_view text, bool& known) {
  static constexpr std::string_view kNames[] = {"unknown", "counter", "gauge", "histogram",
                                                "",        "summary", "info",  "stateset"};
  static_assert(NX_TYPE_STATESET == 7 && NX_TYPE_COUNTER == 1 && NX_TYPE_SUMMARY == 5);
  known = true;
  if (text == "gaugehistogram") return NX_TYPE_GAUGEHISTOGRAM;
  for (std::uint32_t type = 0; type < std::size(kNames); ++type) {
    if (!text.empty() && text == kNames[type]) return type;
  }
  known = false;
  return NX_TYPE_UNKNOWN;
}

// One pass over a body. Each step takes the place where it begins and gives the place where the
// next begins, or nullptr after it has set status_.
class Pass {
 public:
  Pass(OpenMetricsParser::Scratch& scratch, const nx_parse_opts& options, sdk::ParsedSink& sink)
      : scratch_(scratch),
        rows_(scratch.rows()),
        end_(scratch.body().data() + scratch.body().size()),
        honor_t_((options.flags & NX_PARSE_HONOR_T) != 0),
        start_times_((options.flags & NX_PARSE_START_T) != 0),
        sink_(sink) {}

  Status run() {
    const char* p = scratch_.body().data();
    while (!done_) {
      if (p == end_) return scratch_.fail(end_, kNoEof);
      if (sdk::is_name_start(*p, true) || *p == '{') {
        p = series(p);
      } else if (*p == '#') {
        p = comment(p);
      } else {
        p = unexpected("expected a valid start token", p, p);
      }
      if (p == nullptr) return std::move(status_);
    }
    scratch_.end(sink_);
    return {};
  }

 private:
  const char* fail(const char* at, std::string_view text) {
    status_ = scratch_.fail(at, text);
    return nullptr;
  }
  const char* unexpected(std::string_view wanted, const char* line, const char* at) {
    if (at == end_) return fail(at, kNoEof);
    return fail(at, std::string(wanted) + ", got " + sdk::quote_excerpt(between(at, at + 1)) +
                        " while parsing: " + sdk::quote_excerpt(between(line, at + 1)));
  }

  const char* series(const char* line) {
    const char* key_end = sdk::find_name_end(line, end_);
    if (key_end != end_ && *key_end == '{') {
      const char* const brace = key_end;
      key_end = sdk::find_labels_end(brace + 1, end_);
      if (key_end == nullptr) return open_labels(line, kSeriesSyntax);
    }
    double value = 0;
    const char* p = number(line, key_end, "expected value after metric", value);
    if (p == nullptr) return nullptr;
    if (rows_.full() && !scratch_.flush(sink_)) return nullptr;
    const std::string_view key = between(line, key_end);
    rows_.add(key, value);
    p = p != end_ && *p == '\n' ? p + 1 : suffix(line, p);
    return p == nullptr || added(key) ? p : nullptr;
  }

  // A space and a number that ends at a space or the end of the line.
  const char* number(const char* line, const char* p, std::string_view wanted, double& value) {
    if (p == end_ || *p != ' ') return unexpected(wanted, line, p);
    const char* const begin = ++p;
    p = sdk::parse_short_decimal(begin, end_, value);
    if (p != nullptr && p != end_ && ends_token(*p)) return p;
    for (p = begin; p != end_ && !ends_token(*p);) ++p;
    if (p == begin) return unexpected(wanted, line, p);
    const auto error = sdk::parse_number(between(begin, p), value);
    if (error == sdk::NumberError::kNone) return p;
    return fail(begin, sdk::describe_number_error(error, sdk::quote_excerpt(between(begin, p))) +
                           " while parsing: " + sdk::quote_excerpt(between(line, p)));
  }

  bool starts_exemplar(const char* p) const {
    return end_ - p >= 4 && std::memcmp(p, " # {", 4) == 0;
  }

  // What follows the value: a timestamp, an exemplar, both.
  const char* suffix(const char* line, const char* p) {
    if (!starts_exemplar(p)) {
      double seconds = 0;
      p = number(line, p, "expected timestamp or new record", seconds);
      if (p == nullptr) return nullptr;
      if (!std::isfinite(seconds)) return fail(p, "invalid timestamp");
      if (honor_t_) rows_.set_time(to_ms(seconds));
    }
    if (p != end_ && *p == '\n') return p + 1;
    if (starts_exemplar(p)) return exemplar(line, p + 3);
    return unexpected("expected next entry after timestamp", line, p);
  }

  // `open` is the opening brace of an exemplar.
  const char* exemplar(const char* line, const char* open) {
    const char* const close = sdk::find_labels_end(open + 1, end_);
    if (close == nullptr) return open_labels(open, kExemplarSyntax);
    auto& labels = scratch_.exemplar_labels();
    const std::size_t first = labels.size();
    const auto error =
        sdk::SeriesReader(between(open, close), kExemplarSyntax, scratch_.texts(), labels).read();
    if (!error.ok()) return fail(open + error.at, error.text);
    nx_exemplar found{};
    found.label_count = static_cast<std::uint32_t>(labels.size() - first);
    const char* p = number(line, close, "expected value after exemplar labels", found.v);
    if (p == nullptr) return nullptr;
    if (p != end_ && *p == ' ') {
      double seconds = 0;
      p = number(line, p, "expected timestamp or comment", seconds);
      if (p == nullptr) return nullptr;
      if (!std::isfinite(seconds)) return fail(p, "invalid exemplar timestamp");
      found.t = to_ms(seconds);
      found.flags = NX_EXEMPLAR_HAS_T;
    }
    if (p == end_ || *p != '\n') {
      return unexpected("expected next entry after exemplar timestamp", line, p);
    }
    rows_.add_exemplar(found);
    return p + 1;
  }

  const char* open_labels(const char* begin, sdk::SeriesSyntax syntax) {
    sdk::TextArena texts;
    std::vector<nx_label> labels;
    const auto error = sdk::SeriesReader(between(begin, end_), syntax, texts, labels).read();
    return fail(begin + error.at,
                error.ok() ? std::string_view("expected label name") : error.text);
  }

  // "# TYPE name text\n" and its like; every '#' at the start of a line.
  const char* comment(const char* line) {
    const std::string_view rest = between(line, end_);
    if (rest.starts_with("# EOF")) return end_of_data(line + 5);
    const bool help = rest.starts_with("# HELP ");
    const bool type = rest.starts_with("# TYPE ");
    if (!help && !type && !rest.starts_with("# UNIT ")) {
      return unexpected("expected a valid start token", line, std::min(line + 2, end_));
    }
    const char* const begin = line + 7;
    std::string_view name;
    const char* p = family_name(begin, name);
    if (p == nullptr) {
      return unexpected(help   ? "expected metric name after HELP"
                        : type ? "expected metric name after TYPE"
                               : "expected metric name after UNIT",
                        line, begin);
    }
    const void* newline = std::memchr(p, '\n', static_cast<std::size_t>(end_ - p));
    if (newline == nullptr) return fail(end_, kNoEof);
    if (*p != ' ') return unexpected("expected text in metadata", line, p);
    const auto* const line_end = static_cast<const char*>(newline);
    const std::string_view text = between(p + 1, line_end);
    const bool good = help   ? set_help(name, text)
                      : type ? set_type(name, text, line_end)
                             : set_unit(name, text, line_end);
    if (!good) return fail(p + 1, error_);
    return more_ ? line_end + 1 : nullptr;
  }

  const char* end_of_data(const char* p) {
    if (p != end_ && *p == '\n') ++p;
    if (p != end_) return fail(p, "unexpected data after # EOF");
    done_ = true;
    return p;
  }

  const char* family_name(const char* p, std::string_view& name) {
    if (p != end_ && sdk::is_name_start(*p, true)) {
      const char* const stop = sdk::find_name_end(p, end_);
      name = between(p, stop);
      return stop;
    }
    if (p == end_ || *p != '"') return nullptr;
    for (const char* q = p + 1; q != end_; ++q) {
      if (*q == '"') {
        name = between(p + 1, q);
        return q + 1;
      }
      if (*q == '\\' && ++q == end_) break;
    }
    return nullptr;
  }

  bool set_help(std::string_view name, std::string_view text) {
    if (!sdk::is_utf8(text)) {
      error_ = "help text " + sdk::quote_excerpt(text) + " is not a valid utf8 string";
      return false;
    }
    if (sdk::is_utf8(name)) {
      rows_.family(name).help = sdk::unescape(text, true, scratch_.texts());
    }
    return true;
  }
  bool set_type(std::string_view name, std::string_view text, const char* at) {
    bool known = false;
    const std::uint32_t type = type_named(text, known);
    if (!known) {
      error_ = "invalid metric type " + sdk::quote_excerpt(text);
      return false;
    }
    if (sdk::is_utf8(name)) rows_.family(name).type = type;
    if (start_times_) scratch_.created().begin_family(name, type, between(at, end_));
    more_ = scratch_.type_changes(at, name, type, sink_);
    return true;
  }
  bool set_unit(std::string_view name, std::string_view text, const char* at) {
    const bool suffix = name.size() > text.size() && name.ends_with(text) &&
                        name[name.size() - text.size() - 1] == '_';
    if (!text.empty() && !suffix) {
      error_ = "unit " + sdk::quote_excerpt(text) + " not a suffix of metric " +
               sdk::quote_excerpt(name);
      return false;
    }
    if (sdk::is_utf8(name)) rows_.family(name).unit = to_nx(text);
    scratch_.unit_changes(at, name, text);
    return true;
  }

  // The newest row is complete. False: stop.
  bool added(std::string_view key) {
    if (start_times_ && scratch_.created().family_has_any()) {
      if (scratch_.created().is_one(key)) {
        nx_exemplar exemplar;
        if (rows_.take_back_exemplar(exemplar)) drop_labels(exemplar.label_count);
        rows_.take_back();
        return true;
      }
      rows_.set_start(scratch_.created().start_of(key));
    }
    return scratch_.added(key, sink_);
  }
  void drop_labels(std::uint32_t count) {
    auto& labels = scratch_.exemplar_labels();
    labels.resize(labels.size() - count);
  }

  OpenMetricsParser::Scratch& scratch_;
  sdk::ParsedRows& rows_;
  const char* const end_;
  const bool honor_t_;
  const bool start_times_;
  sdk::ParsedSink& sink_;
  bool done_ = false;
  bool more_ = true;  // the host wants more rows
  std::string error_;
  Status status_;
};

}  // namespace

Status OpenMetricsParser::parse(Scratch& scratch, nx_buffer& body, const nx_parse_opts& options,
                                sdk::ParsedSink& sink) {
  scratch.begin(view(body), options, kSeriesSyntax);
  scratch.created().clear();
  return Pass(scratch, options, sink).run();
}

Status OpenMetricsParser::labels(Scratch& scratch, std::span<const nx_str> keys,
                                 sdk::SeriesTable& out) {
  return scratch.read_series(keys, kSeriesSyntax, out);
}

}  // namespace narthex::openmetrics
