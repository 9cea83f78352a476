// SPDX-License-Identifier: Apache-2.0
// families.hpp - the functions of this plugin, family by family. Each family is a .cpp file; its
// rows are constant and live for ever.
#pragma once

#include <narthex/function.h>

#include <span>

namespace narthex::function_promql {

std::span<const nx_function> counter_functions();             // rate increase delta
std::span<const nx_function> step_functions();                // irate idelta resets changes
std::span<const nx_function> total_over_time_functions();     // sum_over_time avg_over_time
std::span<const nx_function> any_over_time_functions();       // last_over_time count_over_time ...
std::span<const nx_function> over_time_functions();           // max_over_time ...
std::span<const nx_function> histogram_part_functions();      // histogram_count ...
std::span<const nx_function> histogram_estimate_functions();  // histogram_quantile ...
std::span<const nx_function> regression_functions();          // deriv predict_linear ...
std::span<const nx_function> math_functions();                // abs ln round clamp sin ...
std::span<const nx_function> time_functions();                // time timestamp day_of_week ...
std::span<const nx_function> vector_functions();              // vector scalar sort ...
std::span<const nx_function> label_functions();               // label_replace label_join

// All of them together.
std::span<const nx_function* const> all_functions();

}  // namespace narthex::function_promql
