// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/graphite/graphite_line.hpp"

#include <narthex/sdk/decimal.hpp>
#include <narthex/sdk/quote.hpp>

#include <algorithm>
#include <cmath>

namespace narthex::ingest::graphite {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

void trim(std::string_view& text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
}

// Takes the last word off a text, with the blanks before it.
std::string_view take_last_word(std::string_view& text) {
  std::size_t begin = text.size();
  while (begin > 0 && !is_blank(text[begin - 1])) --begin;
  const std::string_view word = text.substr(begin);
  text = text.substr(0, begin);
  trim(text);
  return word;
}

// The range of what milliseconds in 64 bits can hold.
bool is_time(double seconds) { return std::fabs(seconds) < 9.2e15; }

}  // namespace

GraphiteLine parse_graphite(std::string_view line, std::int64_t now_ms) {
  GraphiteLine out;
  const char* const begin = line.data();
  const auto fail = [&](std::string_view at, std::string text) {
    out.column = static_cast<std::size_t>(at.data() - begin) + 1;
    out.fault = std::move(text);
    return out;
  };
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  trim(line);
  std::string_view rest = line;
  const std::string_view last = take_last_word(rest);
  if (rest.empty())
    return fail(last, "expected a name and a value, got " + sdk::quote_excerpt(line));
  out.t_ms = now_ms;
  out.series = rest;
  std::string_view before = rest;
  const std::string_view value = take_last_word(before);
  // Two words are name and value; of more the last two are value and time.
  if (before.empty()) {
    if (sdk::parse_number(last, out.value) == sdk::NumberError::kNone) return out;
    return fail(last, "the value is no number: " + sdk::quote_excerpt(last));
  }
  out.series = before;
  if (sdk::parse_number(value, out.value) != sdk::NumberError::kNone) {
    return fail(value, "the value is no number: " + sdk::quote_excerpt(value));
  }
  double seconds = 0;
  if (sdk::parse_number(last, seconds) != sdk::NumberError::kNone || !is_time(seconds)) {
    return fail(last, "the timestamp is no time in seconds: " + sdk::quote_excerpt(last));
  }
  if (seconds != 0 && seconds != -1) out.t_ms = static_cast<std::int64_t>(seconds * 1000);
  return out;
}

GraphiteSeries read_series(std::string_view series, sdk::SeriesLabels& labels) {
  GraphiteSeries out;
  std::size_t at = std::min(series.find(';'), series.size());
  out.name = series.substr(0, at);
  if (out.name.empty()) out.fault = "a tag without a name of a metric before it";
  while (at < series.size() && out.fault.empty()) {
    const std::size_t begin = at + 1;
    at = std::min(series.find(';', begin), series.size());
    const std::string_view tag = series.substr(begin, at - begin);
    const std::size_t equals = tag.find('=');
    if (equals == 0 || (equals == std::string_view::npos && !tag.empty())) {
      out.fault_at = begin;
      out.fault = "expected tag=value, got " + sdk::quote_excerpt(tag);
    } else if (!tag.empty()) {
      labels.add(tag.substr(0, equals), tag.substr(equals + 1));
    }
  }
  return out;
}

}  // namespace narthex::ingest::graphite
