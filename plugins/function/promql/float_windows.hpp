// SPDX-License-Identifier: Apache-2.0
// float_windows.hpp - rows for functions over the floats of a window. Histograms among them are
// left out, with an info that says so.
#pragma once

#include "plugins/function/promql/messages.hpp"
#include "plugins/function/promql/pace.hpp"

#include <narthex/sdk/function.hpp>

#include <optional>
#include <string_view>

namespace narthex::function_promql {

inline void note_ignored(const sdk::FunctionContext& context, const nx_window_in& in,
                         std::uint32_t series) {
  for (std::uint32_t step = 0; in.hlo != nullptr && step < in.step_count; ++step) {
    const std::uint64_t at = std::uint64_t{series} * in.step_count + step;
    const std::uint64_t w = in.win_stride * series + step;
    if (in.hhi[at] == in.hlo[at] || in.hi[w] == in.lo[w]) continue;
    context.info(0, series, kIgnored);
    return;
  }
}

// F(window) or F(window, args) -> optional<double>, or F(window, args, state) with a State that is
// kept from window to window; nothing: the element is absent.
template <auto F, class State>
void float_windows(const sdk::FunctionContext& context, const nx_window_in& in,
                   const nx_elem_out& out) {
  const sdk::FunctionArgs args(in.args, in.arg_count);
  [[maybe_unused]] State state;
  Pace pace(context);
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    note_ignored(context, in, s);
    for (std::uint32_t step = 0; step < in.step_count; ++step) {
      const std::uint64_t at = std::uint64_t{s} * in.step_count + step;
      const sdk::Window window = sdk::window_at(in, s, step);
      pace.after(1 + window.size());
      std::optional<double> value;
      if (window.size() > 0) {
        if constexpr (requires { F(window, args, state); }) {
          value = F(window, args, state);
        } else if constexpr (requires { F(window, args); }) {
          value = F(window, args);
        } else {
          value = F(window);
        }
      }
      out.present[at] = value.has_value() ? 1 : 0;
      out.v[at] = value.value_or(0.0);
    }
  }
}

struct NoState {};

inline constexpr sdk::FunctionShape kOneRange = {sdk::function_detail::kRangeParam, 1};

template <auto F, class State = NoState>
constexpr nx_function over_floats(std::string_view name, std::string_view doc,
                                  sdk::FunctionShape shape = kOneRange) {
  shape.flags |= NX_FN_HISTOGRAMS;
  return sdk::windows<float_windows<F, State>>(name, doc, shape);
}

}  // namespace narthex::function_promql
