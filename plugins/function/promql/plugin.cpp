// SPDX-License-Identifier: Apache-2.0
// The functions of PromQL, as a plugin like any other.
#include "plugins/function/promql/families.hpp"

#include <narthex/sdk/function.hpp>

namespace narthex::function_promql {

class PromqlFunctions {
 public:
  static constexpr std::string_view kName = "promql";
  static constexpr std::string_view kSummary = "The functions of PromQL";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT | NX_COMPONENT_SINGLETON;

  explicit PromqlFunctions(sdk::Host) {}

  static std::span<const nx_function* const> functions() { return all_functions(); }
};

}  // namespace narthex::function_promql

NARTHEX_PLUGIN("function.promql", "0.1.0", "The functions of PromQL",
               narthex::sdk::Functions<narthex::function_promql::PromqlFunctions>)
