// SPDX-License-Identifier: Apache-2.0
// rows.hpp - the base of all files here: rows for functions over the floats of a window, with and
// without scalars. Native histograms are left out.
#pragma once

#include <narthex/sdk/function.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace narthex::function_extra {

using sdk::FunctionArgs;
using sdk::Window;
using Value = std::optional<double>;  // nothing: the element is absent

inline double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

// F(window) -> Value or double; a window has at least one sample.
template <auto F>
constexpr nx_function of_window(std::string_view name, std::string_view doc) {
  return sdk::over_window<F>(name, doc);
}

inline constexpr std::uint32_t kWindowAndScalar[] = {NX_ARG_RANGE, NX_ARG_SCALAR};

// F(window, args) with one scalar behind the window: args.at(1, window.step).
template <auto F>
constexpr nx_function of_window_and_scalar(std::string_view name, std::string_view doc) {
  return sdk::over_window<F>(name, doc, {kWindowAndScalar, 2});
}

}  // namespace narthex::function_extra
