// SPDX-License-Identifier: Apache-2.0
#include "host/config_tree.hpp"

#include <filesystem>
#include <utility>

namespace narthex::host {
namespace {

document::Finding without_place(const std::string& name, std::string text, std::string hint) {
  document::Finding finding;
  finding.place.file = name;
  finding.text = std::move(text);
  finding.hint = std::move(hint);
  return finding;
}

}  // namespace

document::Finding ConfigSource::finding(const nx_value* node, std::string text,
                                        std::string hint) const {
  if (document == nullptr) return without_place(name, std::move(text), std::move(hint));
  return document->finding(node != nullptr ? node : config, std::move(text), std::move(hint));
}

document::Finding ConfigSource::key_finding(const nx_kv* entry, std::string text,
                                            std::string hint) const {
  if (document == nullptr) return without_place(name, std::move(text), std::move(hint));
  return document->key_finding(entry, std::move(text), std::move(hint));
}

std::string ConfigSource::folder_of(const nx_value* node) const {
  if (document == nullptr) return {};
  return std::filesystem::path(document->place(node).file).parent_path().string();
}

document::Finding ConfigTree::finding(const nx_value* node, std::string text) const {
  document::Finding made = source.finding(origin(node), std::move(text));
  const auto known = places.find(node);
  if (known != places.end()) made.place = known->second;
  return made;
}

const nx_value* ConfigTree::origin(const nx_value* node) const {
  const auto found = origins.find(node);
  return found != origins.end() ? found->second : nullptr;
}

}  // namespace narthex::host
