// SPDX-License-Identifier: Apache-2.0
// parsed.hpp - parses a text and keeps what came of it, for the tests of this folder.
#pragma once

#include "document/document.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::document {

struct Parsed {
  std::vector<Finding> findings;
  std::shared_ptr<const Document> document;

  Parsed(Format format, std::string_view text)
      : document(Document::parse(format, "file", text, findings)) {}

  sdk::Value root() const { return sdk::Value(document ? &document->root() : nullptr); }
  std::string first() const { return findings.empty() ? "" : findings[0].text; }
  // "line:column" of the first finding.
  std::string where() const { return findings.empty() ? "" : at(findings[0].place); }
  static std::string at(const Place& place) {
    return std::to_string(place.line) + ":" + std::to_string(place.column);
  }
};

}  // namespace narthex::document
