// SPDX-License-Identifier: Apache-2.0
// PromQL functions in C++: @NAME@_over_time(range-vector), largest minus smallest, and
// @NAME@(vector).
#include <narthex/sdk/function.hpp>

#include <algorithm>
#include <optional>

namespace sdk = narthex::sdk;

namespace {

std::optional<double> spread(const sdk::Window& w) {
  if (w.values.empty()) return std::nullopt;  // absent
  const auto [low, high] = std::minmax_element(w.values.begin(), w.values.end());
  return *high - *low;
}

double half(double v) { return v / 2; }

const nx_function kSpread =
    sdk::over_window<spread>("@NAME@_over_time", "Largest minus smallest value of the range.");
const nx_function kHalf = sdk::each<half>("@NAME@", "Half of each value.");
const nx_function* const kFunctions[] = {&kSpread, &kHalf};

class @CLASS@ {
 public:
  static constexpr std::string_view kName = "@NAME@";
  static constexpr std::string_view kSummary = "Spread and half";
  explicit @CLASS@(sdk::Host) {}
  static std::span<const nx_function* const> functions() { return kFunctions; }
};

}  // namespace

NARTHEX_PLUGIN("@ID@", "1.0.0", "PromQL functions in C++",
               sdk::Functions<@CLASS@>)
