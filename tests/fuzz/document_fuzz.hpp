// SPDX-License-Identifier: Apache-2.0
// document_fuzz.hpp - reads a text in one format and touches everything that came of it.
#pragma once

#include "document/document.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace narthex::document {

// Walks the tree; places must be in the text, keys unique. Bounded: aliases may repeat subtrees.
inline void touch(const Document& document, const nx_value& node, int depth, int& budget) {
  if (depth > 64) std::abort();
  if (--budget < 0) return;
  const Place place = document.place(&node);
  if (place.line == 0 || place.column == 0) std::abort();
  (void)document.line_text(place.line);
  (void)document.text(&node);
  for (const nx_value& item : sdk::Value(&node).items()) touch(document, item, depth + 1, budget);
  for (const nx_kv& entry : sdk::Value(&node).entries()) {
    if (document.key_place(&entry).line == 0) std::abort();
    if (sdk::Value(&node)[view(entry.key)].raw() != &entry.value && entry.value.type != NX_NULL) {
      std::abort();  // the first entry of that name is another one
    }
    touch(document, entry.value, depth + 1, budget);
  }
}

inline int fuzz(Format format, const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<Finding> findings;
  const auto document = Document::parse(format, "fuzz", text, findings);
  (void)render(findings);
  if (document == nullptr) {
    if (findings.empty()) std::abort();
    return 0;
  }
  int budget = 20'000;
  touch(*document, document->root(), 0, budget);
  return 0;
}

}  // namespace narthex::document
