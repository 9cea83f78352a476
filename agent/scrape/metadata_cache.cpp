// SPDX-License-Identifier: Apache-2.0
#include "scrape/metadata_cache.hpp"

#include <narthex/sdk/text.hpp>

#include <xxhash.h>

#include <string_view>
#include <utility>

namespace narthex::scrape {
namespace {

std::uint64_t hash_of(const std::vector<Family>& families) {
  std::uint64_t hash = families.size();
  for (const Family& family : families) {
    for (const std::string* text : {&family.name, &family.help, &family.unit}) {
      hash = XXH3_64bits_withSeed(text->data(), text->size(), hash);
    }
    hash = hash * 31 + family.type;
  }
  return hash;
}

bool same(const Family& known, const nx_metadata& entry) {
  return known.type == entry.type && known.name == view(entry.family) &&
         known.help == view(entry.help) && known.unit == view(entry.unit);
}

}  // namespace

std::string_view type_name(std::uint32_t type) {
  static constexpr std::string_view kNames[] = {"unknown",        "counter", "gauge", "histogram",
                                                "gaugehistogram", "summary", "info",  "stateset"};
  static_assert(NX_TYPE_GAUGEHISTOGRAM == 4 && NX_TYPE_STATESET == 7);
  return type < std::size(kNames) ? kNames[type] : kNames[0];
}

std::vector<MetadataView> metadata_views(const FamilyList& families) {
  std::vector<MetadataView> out;
  if (families == nullptr) return out;
  out.reserve(families->size());
  for (const Family& family : *families) {
    out.push_back({family.name, std::string(type_name(family.type)), family.help, family.unit});
  }
  return out;
}

FamilyList FamilyLists::intern(std::vector<Family> families) {
  const std::uint64_t hash = hash_of(families);
  const std::lock_guard lock(mutex_);
  if (lists_.size() > 64) {
    std::erase_if(lists_, [](const auto& entry) { return entry.second.expired(); });
  }
  auto& slot = lists_[hash];
  if (FamilyList known = slot.lock(); known != nullptr && *known == families) return known;
  families.shrink_to_fit();
  FamilyList list = std::make_shared<const std::vector<Family>>(std::move(families));
  slot = list;
  return list;
}

void MetadataCache::begin_scrape() {
  next_ = 0;
  changed_ = false;
  pending_.clear();
  pending_index_.clear();
}

void MetadataCache::add(std::span<const nx_metadata> entries) {
  for (const nx_metadata& entry : entries) {
    if (!changed_ && list_ != nullptr && next_ < list_->size() && same((*list_)[next_], entry)) {
      ++next_;
    } else {
      add_changed(entry);
    }
  }
}

void MetadataCache::add_changed(const nx_metadata& entry) {
  if (!changed_) {
    changed_ = true;
    for (std::size_t i = 0; i < next_; ++i) {
      pending_index_.emplace((*list_)[i].name, i);
      pending_.push_back((*list_)[i]);
    }
  }
  const auto [at, is_new] =
      pending_index_.try_emplace(std::string(view(entry.family)), pending_.size());
  if (is_new) pending_.push_back({at->first, {}, {}, NX_TYPE_UNKNOWN});
  Family& family = pending_[at->second];
  if (entry.type != NX_TYPE_UNKNOWN) family.type = entry.type;
  if (entry.help.len != 0) family.help = view(entry.help);
  if (entry.unit.len != 0) family.unit = view(entry.unit);
}

bool MetadataCache::end_good() {
  const std::size_t known = list_ != nullptr ? list_->size() : 0;
  if (!changed_ && next_ == known) return false;
  std::vector<Family> families;
  if (changed_) {
    families = std::exchange(pending_, {});
    pending_index_.clear();
  } else {
    families.assign(list_->begin(), list_->begin() + static_cast<std::ptrdiff_t>(next_));
  }
  FamilyList list = lists_.intern(std::move(families));
  const std::lock_guard lock(mutex_);
  if (list == list_) return false;
  list_ = std::move(list);
  return true;
}

}  // namespace narthex::scrape
