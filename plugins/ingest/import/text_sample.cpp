// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/import/text_sample.hpp"

#include <narthex/sdk/quote.hpp>

#include <cmath>
#include <utility>
#include <vector>

namespace narthex::ingest::import {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

std::string_view take_word(std::string_view& text) {
  skip_blanks(text);
  std::size_t size = 0;
  while (size < text.size() && !is_blank(text[size])) ++size;
  const std::string_view word = text.substr(0, size);
  text.remove_prefix(size);
  return word;
}

// Where a series ends: after its name, and its labels if it has some.
const char* series_end(std::string_view line) {
  const char* const end = line.data() + line.size();
  const char* const name_end = sdk::find_name_end(line.data(), end);
  const char* at = name_end;
  while (at != end && is_blank(*at)) ++at;
  if (at == end || *at != '{') return name_end;
  return sdk::find_labels_end(at + 1, end);
}

std::uint32_t type_of(std::string_view word) {
  static constexpr std::pair<std::string_view, std::uint32_t> kTypes[] = {
      {"counter", NX_TYPE_COUNTER},     {"gauge", NX_TYPE_GAUGE},
      {"histogram", NX_TYPE_HISTOGRAM}, {"gaugehistogram", NX_TYPE_GAUGEHISTOGRAM},
      {"summary", NX_TYPE_SUMMARY},     {"info", NX_TYPE_INFO},
      {"stateset", NX_TYPE_STATESET}};
  for (const auto& [name, type] : kTypes) {
    if (name == word) return type;
  }
  return NX_TYPE_UNKNOWN;
}

}  // namespace

TextSample parse_text_sample(std::string_view line, std::int64_t now_ms) {
  TextSample out;
  out.t_ms = now_ms;
  const char* const begin = line.data();
  const auto fail = [&](const char* at, std::string text) {
    out.column = static_cast<std::size_t>(at - begin) + 1;
    out.fault = std::move(text);
    return out;
  };
  skip_blanks(line);
  const char* const end = series_end(line);
  if (end == nullptr) return fail(line.data(), "labels without their closing brace");
  out.series = line.substr(0, static_cast<std::size_t>(end - line.data()));
  if (out.series.empty()) {
    return fail(end, "expected the name of a metric, got " + sdk::quote_excerpt(line.substr(0, 1)));
  }
  line.remove_prefix(out.series.size());
  const std::string_view value = take_word(line);
  if (value.empty() || sdk::parse_number(value, out.value) != sdk::NumberError::kNone) {
    return fail(value.data(), "the value is no number: " + sdk::quote_excerpt(value));
  }
  std::string_view time = take_word(line);
  if (time.empty() || time == "#") return out;
  double number = 0;
  if (sdk::parse_number(time, number) != sdk::NumberError::kNone || !(std::fabs(number) < 9.2e18)) {
    return fail(time.data(), "the time is no number: " + sdk::quote_excerpt(time));
  }
  const bool seconds = std::fabs(number) < 2147483648.0;
  out.t_ms = static_cast<std::int64_t>(seconds ? number * 1000 : number);
  const std::string_view more = take_word(line);
  if (more.empty() || more == "#") return out;
  return fail(more.data(), "expected the end of the line, got " + sdk::quote_excerpt(more));
}

sdk::SeriesError read_series(std::string_view series, sdk::SeriesLabels& labels) {
  sdk::TextArena texts;
  std::vector<nx_label> found;
  const sdk::SeriesSyntax syntax{.blanks = true, .newline_in_value = false, .exemplar = false};
  sdk::SeriesError error = sdk::SeriesReader(series, syntax, texts, found).read();
  if (!error.ok()) return error;
  for (const nx_label& label : found) {
    labels.add(labels.keep(std::string(view(label.name))),
               labels.keep(std::string(view(label.value))));
  }
  return error;
}

void Families::read(std::string_view line) {
  line.remove_prefix(1);
  const std::string_view what = take_word(line);
  if (what != "TYPE" && what != "HELP") return;
  const std::string_view family = take_word(line);
  skip_blanks(line);
  if (family.empty() || !sdk::is_utf8(family) || !sdk::is_utf8(line)) return;
  About& about = all_[family];
  if (what == "TYPE") {
    about.type = type_of(take_word(line));
  } else {
    about.help = line;
  }
}

}  // namespace narthex::ingest::import
