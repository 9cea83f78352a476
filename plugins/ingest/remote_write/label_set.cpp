// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/label_set.hpp"

#include "plugins/ingest/remote_write/utf8.hpp"

#include <protozero/pbf_reader.hpp>

#include <algorithm>

namespace narthex::ingest::remote_write {
namespace {

constexpr std::string_view kMetricName = "__name__";
constexpr std::size_t kShownValueMax = 64;
constexpr std::size_t kShownLabelsMax = 16;

std::string_view slice(protozero::data_view view) { return {view.data(), view.size()}; }

LabelSet::Label parse_label(protozero::pbf_reader message) {
  LabelSet::Label label;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited):
        label.first = slice(message.get_view());
        break;
      case protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited):
        label.second = slice(message.get_view());
        break;
      default:
        message.skip();
    }
  }
  return label;
}

// Text for a message: quoted, control and invalid bytes as \xNN, long ones cut.
void append_quoted(std::string& out, std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  const bool valid = is_utf8(text);
  out += '"';
  for (const char c : text.substr(0, kShownValueMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte < 0x20 || byte == 0x7F ||
               byte >= (valid && text.size() <= kShownValueMax ? 0x100u : 0x80u)) {
      ((out += "\\x") += kDigits[byte >> 4]) += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  if (text.size() > kShownValueMax) out += "...";
  out += '"';
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }) && name.size() <= kShownValueMax;
}

}  // namespace

void LabelSet::parse(std::string_view message, std::size_t labels_max) {
  clear();
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    if (reader.tag_and_type() !=
        protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited)) {
      reader.skip();
      continue;
    }
    const Label label = parse_label(reader.get_message());
    add(label.first, label.second, labels_max);
  }
}

void LabelSet::clear() {
  labels_.clear();
  count_ = 0;
}

void LabelSet::add(std::string_view name, std::string_view value, std::size_t labels_max) {
  if (++count_ <= labels_max) labels_.emplace_back(name, value);
}

void LabelSet::put(std::string_view name, std::string_view value) {
  std::erase_if(labels_, [name](const Label& label) { return label.first == name; });
  labels_.emplace_back(name, value);
}

std::string LabelSet::check_series(const LabelLimits& limits) {
  if (count_ > limits.labels_max) {
    return std::to_string(count_) + " labels, the limit is " + std::to_string(limits.labels_max);
  }
  if (!std::is_sorted(labels_.begin(), labels_.end())) std::sort(labels_.begin(), labels_.end());
  bool named = false;
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    const auto& [name, value] = labels_[i];
    if (name.empty() || !is_utf8(name) || !is_utf8(value)) return "invalid metric name or labels";
    if (i > 0 && labels_[i - 1].first == name) {
      return "duplicate label name " + std::string(name);
    }
    if (value.size() > limits.value_bytes_max || name.size() > limits.name_bytes_max) {
      const bool of_value = value.size() > limits.value_bytes_max;
      return std::string(of_value ? "label value of " : "label name of ") +
             std::to_string(of_value ? value.size() : name.size()) + " bytes, the limit is " +
             std::to_string(of_value ? limits.value_bytes_max : limits.name_bytes_max);
    }
    named = named || (name == kMetricName && !value.empty());
  }
  if (!named) return "invalid metric name or labels: no metric name";
  std::erase_if(labels_, [](const Label& label) { return label.second.empty(); });
  return {};
}

std::string LabelSet::text() const {
  std::string out = "{";
  for (std::size_t i = 0; i < labels_.size() && i < kShownLabelsMax; ++i) {
    if (i > 0) out += ", ";
    if (is_plain_name(labels_[i].first)) {
      out += labels_[i].first;
    } else {
      append_quoted(out, labels_[i].first);
    }
    out += '=';
    append_quoted(out, labels_[i].second);
  }
  if (count_ > kShownLabelsMax) out += ", ...";
  return out + "}";
}

}  // namespace narthex::ingest::remote_write
