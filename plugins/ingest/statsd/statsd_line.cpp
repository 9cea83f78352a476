// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/statsd/statsd_line.hpp"

#include <narthex/sdk/decimal.hpp>
#include <narthex/sdk/quote.hpp>

#include <algorithm>
#include <cmath>

namespace narthex::ingest::statsd {
namespace {

bool is_number(std::string_view text, double& out) {
  return sdk::parse_number(text, out) == sdk::NumberError::kNone && !std::isnan(out);
}

// Calls use(piece) for the pieces between separators.
template <class Use>
void each_piece(std::string_view text, std::string_view separators, Use&& use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end != 0) use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

sdk::SeriesLabels::Label split_tag(std::string_view tag, char separator) {
  const std::size_t at = tag.find(separator);
  if (at == std::string_view::npos) return {tag, "true"};
  return {tag.substr(0, at), tag.substr(at + 1)};
}

}  // namespace

bool StatsdLine::parse(std::string_view line) {
  line_ = line;
  at_ = 0;
  tags_ = {};
  measures_.clear();
  name_ = line.substr(0, std::min(line.find(':'), line.size()));
  const bool extra = line.starts_with("_e{") || line.starts_with("_sc|");
  if (extra) return true;
  at_ = name_.size();
  if (at() != ':') return fail(at_, "expected name:value|type");
  if (name_.empty() || name_.find_first_of(",#;") == 0) return fail(0, "a metric without a name");
  return read_measures();
}

bool StatsdLine::read_measures() {
  while (at() == ':') {
    ++at_;
    if (!read_values()) return false;
  }
  return at_ == line_.size() || fail(at_, "expected the end of the line");
}

// value[:value...]|type[|section...]
bool StatsdLine::read_values() {
  values_.clear();
  for (;; ++at_) {
    values_.push_back(take_until(":|"));
    if (at() != ':') break;
  }
  if (at() != '|') return fail(at_, "expected |type after the value");
  ++at_;
  Measure shape;
  if (!read_type(shape) || !read_sections(shape.rate)) return false;
  for (const std::string_view value : values_) {
    Measure measure = shape;
    measure.text = value;
    if (!set_value(measure)) return false;
    measures_.push_back(measure);
  }
  return true;
}

bool StatsdLine::read_type(Measure& shape) {
  const std::size_t begin = at_;
  const std::string_view type = take_until(":|");
  if (type == "c" || type == "m") {
    shape.kind = Kind::kCounter;
  } else if (type == "g") {
    shape.kind = Kind::kGauge;
  } else if (type == "ms") {
    shape.kind = Kind::kTimer;
  } else if (type == "h" || type == "d") {
    shape.kind = Kind::kObservation;
  } else if (type == "s") {
    shape.kind = Kind::kSet;
  } else {
    return fail(begin, "expected the type c, m, g, ms, h, d or s, got " + sdk::quote_excerpt(type));
  }
  return true;
}

// Sections that are not known (a container, a time) are skipped, as the protocol wants it.
bool StatsdLine::read_sections(double& rate) {
  while (at() == '|') {
    const std::size_t begin = ++at_;
    if (at() == '@') {
      ++at_;
      const std::string_view text = take_until(":|");
      if (!is_number(text, rate) || rate <= 0 || rate > 1) {
        return fail(begin, "the sample rate must be above 0 and at most 1, got " +
                               sdk::quote_excerpt(text));
      }
    } else if (at() == '#') {
      ++at_;
      tags_ = take_until("|");
    } else {
      (void)take_until("|");
    }
  }
  return true;
}

bool StatsdLine::set_value(Measure& measure) {
  const auto begin = static_cast<std::size_t>(measure.text.data() - line_.data());
  if (measure.kind == Kind::kSet) {
    return !measure.text.empty() || fail(begin, "a member of a set must not be empty");
  }
  if (!is_number(measure.text, measure.value)) {
    return fail(begin, "the value is no number: " + sdk::quote_excerpt(measure.text));
  }
  if (measure.kind == Kind::kCounter && measure.value < 0) {
    return fail(begin, "a counter cannot go down: " + sdk::quote_excerpt(measure.text));
  }
  if (!std::isfinite(measure.value)) {
    return fail(begin, "the value is not finite: " + sdk::quote_excerpt(measure.text));
  }
  measure.relative =
      measure.kind == Kind::kGauge && (measure.text.front() == '+' || measure.text.front() == '-');
  return true;
}

bool StatsdLine::fail(std::size_t at, std::string text) {
  column_ = at + 1;
  fault_ = std::move(text);
  measures_.clear();
  return false;
}

std::string_view StatsdLine::take_until(std::string_view stops) {
  const std::size_t begin = at_;
  at_ = std::min(line_.find_first_of(stops, at_), line_.size());
  return line_.substr(begin, at_ - begin);
}

std::string_view read_tags(std::string_view name, std::string_view dog_tags,
                           std::vector<sdk::SeriesLabels::Label>& tags) {
  const std::size_t end = std::min(name.find_first_of(",#;"), name.size());
  each_piece(name.substr(end), ",#;",
             [&](std::string_view tag) { tags.push_back(split_tag(tag, '=')); });
  each_piece(dog_tags, ",", [&](std::string_view tag) { tags.push_back(split_tag(tag, ':')); });
  return name.substr(0, end);
}

}  // namespace narthex::ingest::statsd
