// SPDX-License-Identifier: Apache-2.0
// storage_config.hpp - the storage section as a plugin host is asked for it: which backend, and its
// options as the tree that its schema wants. A backend is told what it has options for and nothing
// else.
#pragma once

#include "host/plugin_host.hpp"
#include "store/options.hpp"

#include <narthex/sdk/value.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace narthex::store {

class StorageConfig {
 public:
  // With a check ("verify"), the backend looks at its folder instead of opening it; one that has no
  // such option refuses.
  explicit StorageConfig(const StorageOptions& options, std::string_view check = {});
  StorageConfig(const StorageConfig&) = delete;
  StorageConfig& operator=(const StorageConfig&) = delete;
  // The instance, made and not started.
  Result<std::shared_ptr<host::Instance>> make(host::PluginHost& plugins) const;

 private:
  sdk::TreeArena arena_;
  nx_value root_{};
  std::shared_ptr<const document::Document> document_;  // that the options came from, if any
  const std::string backend_;
};

}  // namespace narthex::store
