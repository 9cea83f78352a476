// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/prometheus_text/text_parser.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

namespace narthex::prometheus_text {
namespace {

constexpr sdk::SeriesSyntax kSyntax{.blanks = true, .newline_in_value = true};

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool ends_value(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '{' || c == '\0'; }

const char* skip_blanks(const char* p, const char* end) {
  while (p != end && is_blank(*p)) ++p;
  return p;
}
const char* find_line_end(const char* p, const char* end) {
  const void* newline = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
  return newline != nullptr ? static_cast<const char*>(newline) : end;
}
std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

// One pass over a body. Each step takes the place where it begins and gives the place where the
// next begins, or nullptr after it has set status_.
class Pass {
 public:
  Pass(sdk::BodyScratch& scratch, const nx_parse_opts& options, sdk::ParsedSink& sink)
      : scratch_(scratch),
        rows_(scratch.rows()),
        end_(scratch.body().data() + scratch.body().size()),
        honor_t_((options.flags & NX_PARSE_HONOR_T) != 0),
        sink_(sink) {}

  Status run() {
    const char* p = scratch_.body().data();
    while (p != end_) {
      if (sdk::is_name_start(*p, true) || *p == '{') {
        p = series(p);
      } else if (*p == '#') {
        p = comment(p);
      } else if (*p == '\n' || is_blank(*p)) {
        ++p;
      } else {
        p = unexpected("expected a valid start token", p, p);
      }
      if (p == nullptr) return std::move(status_);
    }
    scratch_.end(sink_);
    return {};
  }

 private:
  const char* fail(const char* at, std::string text) {
    status_ = scratch_.fail(at, text);
    return nullptr;
  }
  const char* unexpected(std::string_view wanted, const char* line, const char* at) {
    const std::string_view got = at != end_ ? between(at, at + 1) : std::string_view("\n");
    return fail(at, std::string(wanted) + ", got " + sdk::quote_excerpt(got) + " while parsing: " +
                        sdk::quote_excerpt(between(line, at != end_ ? at + 1 : at)));
  }

  const char* series(const char* line) {
    const char* key_end = sdk::find_name_end(line, end_);
    const char* p = skip_blanks(key_end, end_);
    if (p != end_ && *p == '{') {
      key_end = p = sdk::find_labels_end(p + 1, end_);
      if (p == nullptr) return open_labels(line);
      p = skip_blanks(p, end_);
    }
    double value = 0;
    const char* after = sdk::parse_short_decimal(p, end_, value);
    if (after == nullptr || (after != end_ && !ends_value(*after))) {
      after = long_value(line, p, value);
      if (after == nullptr) return nullptr;
    }
    if (rows_.full() && !scratch_.flush(sink_)) return nullptr;
    const std::string_view key = between(line, key_end);
    rows_.add(key, value);
    // Nearly every line ends here.
    p = after != end_ && *after == '\n' ? after + 1 : timestamp(line, skip_blanks(after, end_));
    return p == nullptr || scratch_.added(key, sink_) ? p : nullptr;
  }

  const char* long_value(const char* line, const char* p, double& value) {
    const char* after = p;
    while (after != end_ && !ends_value(*after)) ++after;
    if (after == p) return unexpected("expected value after metric", line, p);
    const auto error = sdk::parse_number(between(p, after), value);
    if (error == sdk::NumberError::kNone) return after;
    return fail(p, sdk::describe_number_error(error, sdk::quote_excerpt(between(p, after))) +
                       " while parsing: " + sdk::quote_excerpt(between(line, after)));
  }

  // `p` stands after the value and blanks.
  const char* timestamp(const char* line, const char* p) {
    if (p == end_) return p;
    if (*p == '\n') return p + 1;
    if (!sdk::detail::is_digit(*p)) {
      return unexpected("expected timestamp or new record", line, p);
    }
    std::int64_t t = 0;
    const auto [after, error] = std::from_chars(p, end_, t);
    if (error != std::errc()) {
      return fail(
          p, "strconv.ParseInt: parsing " + sdk::quote_excerpt(between(p, after)) +
                 ": value out of range while parsing: " + sdk::quote_excerpt(between(line, after)));
    }
    const char* const next = skip_blanks(after, end_);
    if (next != end_ && *next != '\n') {
      return unexpected("expected next entry after timestamp", line, next);
    }
    if (honor_t_) rows_.set_time(t);
    return next == end_ ? next : next + 1;
  }

  // The braces are never closed. What is wrong with them comes out of reading them.
  const char* open_labels(const char* line) {
    sdk::TextArena texts;
    std::vector<nx_label> labels;
    const auto error = sdk::SeriesReader(between(line, end_), kSyntax, texts, labels).read();
    return fail(line + error.at, error.ok() ? "expected label name" : error.text);
  }

  const char* comment(const char* line) {
    const char* const newline = find_line_end(line, end_);
    const char* p = skip_blanks(line + 1, newline);
    if (p != line + 1 && newline - p > 4 && is_blank(p[4])) {
      const std::string_view word = between(p, p + 4);
      if (word == "HELP" || word == "TYPE") {
        return metadata(line, word == "HELP", skip_blanks(p + 4, newline), newline);
      }
    }
    return newline == end_ ? newline : newline + 1;
  }

  const char* metadata(const char* line, bool help, const char* p, const char* newline) {
    const char* name_end = sdk::find_name_end(p, newline);
    std::string_view name = between(p, name_end);
    if (p != newline && *p == '"') {
      name_end = find_quote_end(p + 1, newline);
      if (name_end != nullptr) name = between(p + 1, name_end - 1);
    }
    if (name_end == nullptr || name_end == p || sdk::detail::is_digit(*p)) {
      return unexpected(
          help ? "expected metric name after HELP" : "expected metric name after TYPE", line, p);
    }
    if (name_end != newline && *name_end == '\0') {
      return unexpected("linebreak expected after metadata", line, name_end);
    }
    std::string_view text = between(name_end, newline);
    // One separator belongs to the format; text of blanks only is no text.
    if (skip_blanks(name_end, newline) == newline) text = {};
    if (!text.empty()) text.remove_prefix(1);
    const bool known = sdk::is_utf8(name);
    const nx_status bad = help ? set_help(known, name, text) : set_type(known, name, text, newline);
    if (bad != NX_OK) {
      const char* const at = text.empty() ? name_end : text.data();
      return fail(at, help ? "help text " + sdk::quote_excerpt(text) + " is not a valid utf8 string"
                           : "invalid metric type " + sdk::quote_excerpt(text));
    }
    if (!more_) return nullptr;
    return newline == end_ ? newline : newline + 1;
  }

  static const char* find_quote_end(const char* p, const char* end) {
    for (; p != end; ++p) {
      if (*p == '"') return p + 1;
      if (*p == '\\' && ++p == end) break;
    }
    return nullptr;
  }

  nx_status set_help(bool known, std::string_view name, std::string_view text) {
    if (!sdk::is_utf8(text)) return NX_ERR_INVALID_DATA;
    if (known) rows_.family(name).help = sdk::unescape(text, false, scratch_.texts());
    return NX_OK;
  }
  nx_status set_type(bool known, std::string_view name, std::string_view text, const char* at) {
    std::uint32_t type = NX_TYPE_UNKNOWN;
    if (text == "counter") {
      type = NX_TYPE_COUNTER;
    } else if (text == "gauge") {
      type = NX_TYPE_GAUGE;
    } else if (text == "histogram") {
      type = NX_TYPE_HISTOGRAM;
    } else if (text == "summary") {
      type = NX_TYPE_SUMMARY;
    } else if (text != "untyped") {
      return NX_ERR_INVALID_DATA;
    }
    if (known) rows_.family(name).type = type;
    more_ = scratch_.type_changes(at, name, type, sink_);
    return NX_OK;
  }

  sdk::BodyScratch& scratch_;
  sdk::ParsedRows& rows_;
  const char* const end_;
  const bool honor_t_;
  sdk::ParsedSink& sink_;
  bool more_ = true;  // the host wants more rows
  Status status_;
};

}  // namespace

Status TextParser::parse(sdk::BodyScratch& scratch, nx_buffer& body, const nx_parse_opts& options,
                         sdk::ParsedSink& sink) {
  scratch.begin(view(body), options, kSyntax);
  return Pass(scratch, options, sink).run();
}

Status TextParser::labels(sdk::BodyScratch& scratch, std::span<const nx_str> keys,
                          sdk::SeriesTable& out) {
  return scratch.read_series(keys, kSyntax, out);
}

}  // namespace narthex::prometheus_text
