// SPDX-License-Identifier: Apache-2.0
#include "config/diagnostics.hpp"

#include <utility>

namespace narthex::config {

std::string place_text(const Part& part) {
  const document::Place place = part.document->place(part.value);
  return place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

void Diagnostics::error(const Part& part, std::string text, std::string hint) {
  errors_.push_back(part.document->finding(part.value, std::move(text), std::move(hint)));
}

void Diagnostics::key_error(const Part& part, std::string text, std::string hint) {
  if (part.entry == nullptr) return error(part, std::move(text), std::move(hint));
  errors_.push_back(part.document->key_finding(part.entry, std::move(text), std::move(hint)));
}

void Diagnostics::file_error(const std::string& file, std::string text) {
  document::Finding finding;
  finding.place.file = file;
  finding.text = std::move(text);
  errors_.push_back(std::move(finding));
}

void Diagnostics::warn(const Part& part, std::string text) {
  document::Finding finding = part.entry != nullptr
                                  ? part.document->key_finding(part.entry, std::move(text))
                                  : part.document->finding(part.value, std::move(text));
  finding.warning = true;
  warnings_.push_back(std::move(finding));
}

void Diagnostics::warn(std::string text) {
  document::Finding finding;
  finding.text = std::move(text);
  finding.warning = true;
  warnings_.push_back(std::move(finding));
}

}  // namespace narthex::config
