// SPDX-License-Identifier: Apache-2.0
// store_check.hpp - lets the storage plugin look at a data directory instead of opening it: its
// option `check`. What it finds is what its stats() says.
#pragma once

#include "cli/tool.hpp"

#include <narthex/sdk/result.hpp>
#include <narthex/sdk/value.hpp>

#include <cstdint>
#include <functional>
#include <string_view>

namespace narthex::cli {

struct CheckRequest {
  std::string_view check;  // "verify"
  std::uint32_t top = 20;  // rows a ranking
};

// Holds the lock of the directory for as long as it takes. The tree is valid during the call of
// `use`. A failure is one to look; findings are in the tree.
Status check_store(const DataOptions& options, const CheckRequest& request,
                   const std::function<void(sdk::Value)>& use);

}  // namespace narthex::cli
