// SPDX-License-Identifier: Apache-2.0
#include "federate/negotiation.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace narthex::federate {

namespace {

struct MediaRange {
  std::string_view type;
  std::vector<std::pair<std::string_view, std::string_view>> params;
  double q = 1;

  std::string_view param(std::string_view name) const {
    for (const auto& [key, value] : params) {
      if (key == name) return value;
    }
    return {};
  }
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Cuts the part in front of a separator off.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return trimmed(part);
}

MediaRange parse_range(std::string_view text) {
  MediaRange range;
  range.type = take_until(text, ';');
  while (!text.empty()) {
    std::string_view value = take_until(text, ';');
    const std::string_view name = take_until(value, '=');
    if (name == "q") {
      double q = 1;
      std::from_chars(value.data(), value.data() + value.size(), q);
      range.q = q;
    } else if (!name.empty()) {
      range.params.emplace_back(name, value);
    }
  }
  return range;
}

std::vector<MediaRange> parse_accept(std::string_view accept) {
  std::vector<MediaRange> ranges;
  while (!accept.empty()) ranges.push_back(parse_range(take_until(accept, ',')));
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const MediaRange& a, const MediaRange& b) { return a.q > b.q; });
  return ranges;
}

// An unknown word changes nothing.
void read_escaping(std::string_view word, Escaping& escaping) {
  for (const Escaping scheme :
       {Escaping::kNone, Escaping::kUnderscores, Escaping::kDots, Escaping::kValues}) {
    if (word == word_of(scheme)) escaping = scheme;
  }
}

}  // namespace

std::string Format::content_type() const {
  std::string type = protobuf ? "application/vnd.google.protobuf; "
                                "proto=io.prometheus.client.MetricFamily; encoding=delimited"
                              : "text/plain; version=0.0.4; charset=utf-8";
  return (type += "; escaping=") += word_of(escaping);
}

Format negotiate(std::string_view accept) {
  Format format;
  for (const MediaRange& range : parse_accept(accept)) {
    read_escaping(range.param("escaping"), format.escaping);
    if (range.type == "application/vnd.google.protobuf" &&
        range.param("proto") == "io.prometheus.client.MetricFamily" &&
        range.param("encoding") == "delimited") {
      format.protobuf = true;
      return format;
    }
    const std::string_view version = range.param("version");
    if (range.type == "text/plain" && (version.empty() || version == "0.0.4")) return format;
  }
  return format;
}

}  // namespace narthex::federate
