// SPDX-License-Identifier: Apache-2.0
#include "api/result_json.hpp"

#include "api/json.hpp"
#include "api/number_text.hpp"
#include "promql/histogram.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace narthex::api {

namespace {

// Texts of times that are kept: more than a range query has steps. The samples of a series beyond
// them share one place.
constexpr std::size_t kTimesKept = 11'008;

// What texts mostly take.
constexpr std::size_t kLabelBytes = 32;
constexpr std::size_t kFloatBytes = 32;

std::size_t bytes_of(const nx_histogram& h) {
  constexpr std::size_t kBucketBytes = 64;
  return kBucketBytes * (2 + std::size_t{h.pos_bucket_count} + h.neg_bucket_count);
}

void append_integer(std::string& out, std::uint64_t number) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_quoted(std::string& out, double number) {
  char text[kNumberRoom];
  out += '"';
  out.append(text, write_number(text, number));
  out += '"';
}

void append_histogram(std::string& out, const nx_histogram& h) {
  out += "{\"count\":";
  append_quoted(out, h.count.f);
  out += ",\"sum\":";
  append_quoted(out, h.sum);
  const std::vector<promql::HistogramBucket> buckets = promql::buckets_of(h);
  if (!buckets.empty()) out += ",\"buckets\":[";
  for (const promql::HistogramBucket& b : buckets) {
    if (&b != &buckets.front()) out += ',';
    out += '[';
    append_integer(out, static_cast<std::uint64_t>(b.boundaries));
    for (const double number : {b.lower, b.upper, b.count}) {
      out += ',';
      append_quoted(out, number);
    }
    out += ']';
  }
  if (!buckets.empty()) out += ']';
  out += '}';
}

bool is_histogram(const promql::ResultSeries& series, std::size_t i) {
  return !series.h.empty() && series.h[i] != nullptr;
}

}  // namespace

void append_timestamp(std::string& out, std::int64_t t_ms) {
  char text[kNumberRoom];
  out.append(text, write_timestamp(text, t_ms));
}

bool ResultEncoder::has_series() const {
  return result_.type == promql::ValueType::kVector || result_.type == promql::ValueType::kMatrix;
}

void ResultEncoder::begin(std::string& out) const {
  out += "{\"resultType\":\"";
  out += promql::json_name(result_.type);
  out += "\",\"result\":";
  if (has_series()) out += '[';
}

void ResultEncoder::end(std::string& out) const {
  if (has_series()) out += ']';
}

void ResultEncoder::append_single(std::string& out) const {
  out += '[';
  append_timestamp(out, result_.scalar_t_ms);
  out += ',';
  if (result_.type == promql::ValueType::kString) {
    append_json_string(out, result_.text);
  } else {
    append_quoted(out, result_.scalar);
  }
  out += ']';
}

void ResultEncoder::append_labels(std::string& out, const promql::LabelSet& labels) {
  const auto text = [&](promql::Symbol symbol) -> const std::string& {
    if (symbol >= symbols_.size()) symbols_.resize(symbol + 64);
    std::string& escaped = symbols_[symbol];
    if (escaped.empty()) append_json_string(escaped, result_.labels->text(symbol));
    return escaped;
  };
  out += '{';
  for (const promql::LabelPair& pair : labels) {
    if (&pair != labels.begin()) out += ',';
    out += text(pair.name);
    out += ':';
    out += text(pair.value);
  }
  out += '}';
}

const ResultEncoder::TimeText& ResultEncoder::time_text(std::size_t i, std::int64_t t_ms) {
  i = std::min(i, kTimesKept);
  if (i >= times_.size()) times_.resize(i + 1);
  TimeText& cached = times_[i];
  if (cached.size == 0 || cached.t_ms != t_ms) {
    char text[kNumberRoom];
    const auto size = static_cast<std::size_t>(write_timestamp(text, t_ms) - text);
    cached.t_ms = t_ms;
    cached.text[0] = '[';
    std::memcpy(cached.text + 1, text, size);
    cached.text[size + 1] = ',';
    cached.size = static_cast<std::uint32_t>(size + 2);
  }
  return cached;
}

void ResultEncoder::append_time(std::string& out, std::size_t i, std::int64_t t_ms) {
  const TimeText& text = time_text(i, t_ms);
  out.append(text.text, text.size);
}

// Samples are written into a piece of plain memory, which is appended when it is full: asking the
// string for room five times a sample cost more than writing it.
void ResultEncoder::append_values(std::string& out, const promql::ResultSeries& series,
                                  Place& place, std::size_t last) {
  constexpr std::size_t kSampleRoom = sizeof(TimeText::text) + kNumberRoom + 4;  // ,[t,"v"]
  constexpr std::size_t kPieceSamples = 64;
  char piece[kSampleRoom * kPieceSamples];
  char* const piece_end = piece + sizeof piece - kSampleRoom;
  char* at = piece;
  if (times_.size() < last) times_.resize(std::min(last, kTimesKept));
  for (; place.sample < last; ++place.sample) {
    const std::size_t i = place.sample;
    if (is_histogram(series, i)) continue;
    if (at >= piece_end) {
      out.append(piece, static_cast<std::size_t>(at - piece));
      at = piece;
    }
    if (place.comma) {
      *at++ = ',';
    } else {
      out += ",\"values\":[";
      place.comma = true;
    }
    const TimeText& time = time_text(i, series.t_ms[i]);
    std::memcpy(at, time.text, sizeof time.text);
    at += time.size;
    *at++ = '"';
    at = write_number(at, series.v[i]);
    *at++ = '"';
    *at++ = ']';
  }
  out.append(piece, static_cast<std::size_t>(at - piece));
}

void ResultEncoder::append_histograms(std::string& out, const promql::ResultSeries& series,
                                      Place& place, std::size_t last) {
  for (; place.sample < last; ++place.sample) {
    const std::size_t i = place.sample;
    if (!is_histogram(series, i)) continue;
    out += place.comma ? "," : ",\"histograms\":[";
    place.comma = true;
    append_time(out, i, series.t_ms[i]);
    append_histogram(out, *series.h[i]);
    out += ']';
  }
}

void ResultEncoder::append_part(std::string& out, const promql::ResultSeries& series, Place from,
                                const Place& to) {
  using At = Place::At;
  if (result_.type != promql::ValueType::kMatrix) return append_single_sample(out, series);
  if (from.at == At::kLabels) {
    out += "{\"metric\":";
    append_labels(out, series.labels);
    from = {At::kValues, 0, false};
  }
  if (from.at == At::kValues) {
    append_values(out, series, from, to.at == At::kValues ? to.sample : series.t_ms.size());
    if (to.at == At::kValues) return;
    if (from.comma) out += ']';
    from = {At::kHistograms, 0, false};
  }
  append_histograms(out, series, from, to.at == At::kHistograms ? to.sample : series.h.size());
  if (to.at == At::kHistograms) return;
  if (from.comma) out += ']';
  out += '}';
}

bool ResultEncoder::skip_part(const promql::ResultSeries& series, Place& place,
                              std::size_t& work) const {
  using At = Place::At;
  const auto take = [&work](std::size_t bytes) { work -= std::min(work, bytes); };
  const bool histograms = !series.h.empty();
  if (place.at == At::kLabels) {
    take(kLabelBytes * (1 + series.labels.size()));
    if (result_.type != promql::ValueType::kMatrix) {
      take(histograms && series.h[0] != nullptr ? bytes_of(*series.h[0]) : kFloatBytes);
      return true;
    }
    place = {At::kValues, 0, false};
  }
  if (place.at == At::kValues && !histograms) {
    const std::size_t count = std::min(series.t_ms.size() - place.sample, work / kFloatBytes + 1);
    place.sample += count;
    place.comma = true;
    take(count * kFloatBytes);
    if (place.sample < series.t_ms.size()) return false;
  }
  for (; place.at == At::kValues && place.sample < series.h.size(); ++place.sample) {
    if (is_histogram(series, place.sample)) continue;
    if (work == 0) return false;
    place.comma = true;
    take(kFloatBytes);
  }
  if (place.at == At::kValues) place = {At::kHistograms, 0, false};
  for (; place.sample < series.h.size(); ++place.sample) {
    if (!is_histogram(series, place.sample)) continue;
    if (work == 0) return false;
    place.comma = true;
    take(bytes_of(*series.h[place.sample]));
  }
  place = {};
  return true;
}

void ResultEncoder::append_series(std::string& out, const promql::ResultSeries& series) {
  append_part(out, series, {}, {});
}

void ResultEncoder::append_single_sample(std::string& out, const promql::ResultSeries& series) {
  out += "{\"metric\":";
  append_labels(out, series.labels);
  if (is_histogram(series, 0)) {
    out += ",\"histogram\":";
    append_time(out, 0, series.t_ms[0]);
    append_histogram(out, *series.h[0]);
    out += ']';
  } else {
    out += ",\"value\":";
    append_time(out, 0, series.t_ms[0]);
    append_quoted(out, series.v[0]);
    out += ']';
  }
  out += '}';
}

}  // namespace narthex::api
