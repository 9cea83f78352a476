// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/opentsdb/put_line.hpp"

#include <narthex/sdk/decimal.hpp>
#include <narthex/sdk/quote.hpp>

#include <cmath>

namespace narthex::ingest::opentsdb {
namespace {

bool is_blank_char(char c) { return c == ' ' || c == '\t'; }

// Cuts the first word off a text, with the blanks before it. Empty: there is none.
std::string_view take_word(std::string_view& text) {
  while (!text.empty() && is_blank_char(text.front())) text.remove_prefix(1);
  std::size_t size = 0;
  while (size < text.size() && !is_blank_char(text[size])) ++size;
  const std::string_view word = text.substr(0, size);
  text.remove_prefix(size);
  return word;
}

}  // namespace

PutLine parse_put(std::string_view line) {
  PutLine out;
  const char* const begin = line.data();
  const auto fail = [&](std::string_view at, std::string text) {
    out.column = static_cast<std::size_t>(at.data() - begin) + 1;
    out.fault = std::move(text) + (at.empty() ? "" : ", got " + sdk::quote_excerpt(at));
    return out;
  };
  const std::string_view put = take_word(line);
  if (put != "put") return fail(put, "expected put");
  out.metric = take_word(line);
  if (out.metric.empty()) return fail(out.metric, "expected the name of a metric");
  const std::string_view time = take_word(line);
  double number = 0;
  if (sdk::parse_number(time, number) != sdk::NumberError::kNone || !(std::fabs(number) < 9.2e18)) {
    return fail(time, "expected a time in seconds or milliseconds");
  }
  out.t_ms = time_in_ms(number);
  const std::string_view value = take_word(line);
  if (sdk::parse_number(value, out.value) != sdk::NumberError::kNone) {
    return fail(value, "expected a number as the value");
  }
  while (!line.empty() && is_blank_char(line.front())) line.remove_prefix(1);
  while (!line.empty() && is_blank_char(line.back())) line.remove_suffix(1);
  out.tags = line;
  return out;
}

TagFault read_tags(std::string_view tags, sdk::SeriesLabels& labels) {
  const char* const begin = tags.data();
  for (;;) {
    const std::string_view tag = take_word(tags);
    if (tag.empty()) return {};
    const std::size_t equals = tag.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return {static_cast<std::size_t>(tag.data() - begin),
              "expected tag=value, got " + sdk::quote_excerpt(tag)};
    }
    labels.add(tag.substr(0, equals), tag.substr(equals + 1));
  }
}

std::int64_t time_in_ms(double time) {
  constexpr double kSecondsMax = 4294967296.0;
  return static_cast<std::int64_t>(std::fabs(time) < kSecondsMax ? time * 1000 : time);
}

}  // namespace narthex::ingest::opentsdb
