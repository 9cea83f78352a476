// SPDX-License-Identifier: Apache-2.0
// config_tree.hpp - the configuration as a plugin sees it: defaults filled in, formats converted,
// and the way back from each of its nodes to where the user wrote it.
//
// Nodes stay where they are as long as the tree lives. Immutable once built.
#pragma once

#include "document/document.hpp"

#include <narthex/sdk/value.hpp>

#include <memory>
#include <string>
#include <unordered_map>

namespace narthex::host {

// What the user wrote, and for whom.
struct ConfigSource {
  std::string name;                  // of the instance: stands for the place where there is none
  const nx_value* config = nullptr;  // null: an empty table
  std::shared_ptr<const document::Document> document;  // null: places are unknown

  // Something wrong about a node of `config`; null: about the whole.
  document::Finding finding(const nx_value* node, std::string text, std::string hint = {}) const;
  document::Finding key_finding(const nx_kv* entry, std::string text, std::string hint = {}) const;
  // The folder that relative paths of this node start from; empty: the working directory.
  std::string folder_of(const nx_value* node) const;
};

struct ConfigTree {
  ConfigSource source;
  sdk::TreeArena arena;
  nx_value root{};
  // From nodes of this tree to those of source.config. A default leads to the table that lacks it.
  std::unordered_map<const nx_value*, const nx_value*> origins;

  // Where nodes stand, when that was said by another process and source has no document.
  std::unordered_map<const nx_value*, document::Place> places;

  const nx_value* origin(const nx_value* node) const;
  // A finding about one of this tree's nodes, at the place where the user wrote it.
  document::Finding finding(const nx_value* node, std::string text) const;
};

}  // namespace narthex::host
