// SPDX-License-Identifier: Apache-2.0
// storage_config.hpp - the options of the storage section as the tree that its plugin's schema
// wants. A backend is told what it has options for and nothing else.
#pragma once

#include "store/options.hpp"

#include <narthex/sdk/value.hpp>

#include <string_view>

namespace narthex::store {

class StorageConfig {
 public:
  // With a check ("verify"), the backend looks at its folder instead of opening it; one that has no
  // such option refuses.
  explicit StorageConfig(const StorageOptions& options, std::string_view check = {});
  const nx_value& root() const { return root_; }

 private:
  sdk::TreeArena arena_;
  nx_value root_{};
};

}  // namespace narthex::store
