// SPDX-License-Identifier: Apache-2.0
// Windows of floats and histograms alike: count, presence, first and last sample and their times.
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/mixed_window.hpp"
#include "plugins/function/promql/reach.hpp"

#include <narthex/sdk/function.hpp>

#include <algorithm>

namespace narthex::function_promql {

namespace {

using sdk::FunctionContext;

template <auto F>
void each(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  for_each_mixed_window(context, in, [&](const MixedWindow& w, std::uint32_t, std::uint64_t at) {
    if (w.size() > 0) out.v[at] = F(w);
  });
}

template <auto Pick>
void sample(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  for_each_mixed_window(context, in, [&](const MixedWindow& w, std::uint32_t, std::uint64_t at) {
    if (w.size() == 0) return;
    const MixedSample picked = Pick(w);
    if (picked.h != nullptr) {
      context.put(at, *picked.h);
    } else {
      out.v[at] = picked.v;
    }
  });
}

MixedSample first(const MixedWindow& w) { return w.oldest(); }
MixedSample last(const MixedWindow& w) { return w.newest(0); }
double count(const MixedWindow& w) { return static_cast<double>(w.size()); }
double time_of_first(const MixedWindow& w) { return seconds(w.oldest().t_ms); }
double time_of_last(const MixedWindow& w) { return seconds(w.newest(0).t_ms); }

void presence(const FunctionContext&, const nx_window_in& in, const nx_elem_out& out) {
  std::fill_n(out.v, in.n, 1.0);
}

constexpr sdk::FunctionShape shape(std::uint32_t flags) {
  return {sdk::function_detail::kRangeParam, 1, false, NX_ARG_VECTOR, NX_FN_HISTOGRAMS | flags};
}
constexpr std::uint32_t kExperimental = NX_FN_EXPERIMENTAL;

const nx_function kRows[] = {
    sdk::windows<each<count>>("count_over_time", "How many samples there are.", shape(0)),
    sdk::windows<presence>("present_over_time", "1 where there is a sample.", shape(0)),
    sdk::windows<sample<last>>("last_over_time", "The newest sample.", shape(NX_FN_KEEP_NAME)),
    sdk::windows<sample<first>>("first_over_time", "The oldest sample.",
                                shape(NX_FN_KEEP_NAME | kExperimental)),
    sdk::windows<each<time_of_last>>("ts_of_last_over_time", "Time of the newest sample.",
                                     shape(kExperimental)),
    sdk::windows<each<time_of_first>>("ts_of_first_over_time", "Time of the oldest sample.",
                                      shape(kExperimental)),
};

}  // namespace

std::span<const nx_function> any_over_time_functions() { return kRows; }

}  // namespace narthex::function_promql
