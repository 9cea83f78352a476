// SPDX-License-Identifier: Apache-2.0
// What PromQL lacks and people ask for.
#include "plugins/function/extra/families.hpp"

#include <narthex/sdk/function.hpp>

namespace narthex::function_extra {

class ExtraFunctions {
 public:
  static constexpr std::string_view kName = "extra";
  static constexpr std::string_view kSummary = "Functions that PromQL lacks";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT | NX_COMPONENT_SINGLETON;

  explicit ExtraFunctions(sdk::Host) {}

  static std::span<const nx_function* const> functions() { return all_functions(); }
};

}  // namespace narthex::function_extra

NARTHEX_PLUGIN("function.extra", "0.1.0", "Functions that PromQL lacks",
               narthex::sdk::Functions<narthex::function_extra::ExtraFunctions>)
