// SPDX-License-Identifier: Apache-2.0
#include "storage/head/metadata.hpp"

#include <utility>

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

bool Metadata::put(std::string_view family, std::uint32_t type, std::string_view unit,
                   std::string_view help) {
  if (family.empty() || family.size() > kTextMax) return false;
  const std::lock_guard lock(mutex_);
  auto at = families_.find(family);
  const bool fresh = at == families_.end();
  if (fresh) {
    if (families_.size() >= kFamiliesMax) return false;
    at = families_.emplace(family, Entry()).first;
    bytes_ += family.size() + sizeof(Entry) + 64;
  }
  Entry& entry = at->second;
  unit = cut(unit, kTextMax);
  help = cut(help, kTextMax);
  if (!fresh && entry.type == type && entry.unit == unit && entry.help == help) return false;
  bytes_ -= entry.unit.size() + entry.help.size();
  entry.type = type;
  entry.unit = unit;
  entry.help = help;
  bytes_ += entry.unit.size() + entry.help.size();
  return true;
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

std::vector<FamilyMetadata> Metadata::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<FamilyMetadata> out;
  out.reserve(families_.size());
  for (const auto& [name, entry] : families_) {
    out.push_back({name, entry.type, entry.unit, entry.help});
  }
  return out;
}

std::size_t Metadata::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace narthex::storage::head
