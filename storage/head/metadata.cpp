// SPDX-License-Identifier: Apache-2.0
#include "storage/head/metadata.hpp"

#include <vector>

namespace narthex::storage::head {
namespace {

nx_str view_of(const std::string& text) { return {text.data(), text.size()}; }

// Cut at a character border.
std::string_view cut(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text;
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xC0) == 0x80) --max;
  return text.substr(0, max);
}

}  // namespace

void Metadata::put(std::string_view family, std::uint32_t type, std::string_view unit,
                   std::string_view help) {
  if (family.empty() || family.size() > kTextMax) return;
  const std::lock_guard lock(mutex_);
  auto at = families_.find(family);
  if (at == families_.end()) {
    if (families_.size() >= kFamiliesMax) return;
    at = families_.emplace(family, Entry()).first;
    bytes_ += family.size() + sizeof(Entry) + 64;
  }
  Entry& entry = at->second;
  bytes_ -= entry.unit.size() + entry.help.size();
  entry.type = type;
  entry.unit = cut(unit, kTextMax);
  entry.help = cut(help, kTextMax);
  bytes_ += entry.unit.size() + entry.help.size();
}

void Metadata::list(std::string_view family, std::uint64_t limit, nx_metadata_sink sink,
                    void* sink_ctx) const {
  std::vector<std::pair<std::string, Entry>> found;  // copies: the sink runs without the lock
  {
    const std::lock_guard lock(mutex_);
    auto at = family.empty() ? families_.begin() : families_.find(family);
    for (; at != families_.end(); ++at) {
      found.push_back(*at);
      if (!family.empty() || found.size() == limit) break;
    }
  }
  std::vector<nx_metadata> items;
  for (const auto& [name, entry] : found) {
    items.push_back(
        {0, NX_NONE, entry.type, view_of(name), view_of(entry.unit), view_of(entry.help)});
  }
  if (!items.empty()) sink(sink_ctx, items.data(), items.size());
}

std::size_t Metadata::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace narthex::storage::head
