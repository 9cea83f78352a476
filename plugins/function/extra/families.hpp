// SPDX-License-Identifier: Apache-2.0
// families.hpp - the functions of this plugin, family by family. Each family is a .cpp file; its
// rows are constant and live for ever.
#pragma once

#include <narthex/function.h>

#include <span>

namespace narthex::function_extra {

std::span<const nx_function> distribution_functions();  // median_over_time zscore_over_time ...
std::span<const nx_function> threshold_functions();     // share_le_over_time count_gt_over_time ...
std::span<const nx_function> motion_functions();        // increase_exact ascent_over_time ...
std::span<const nx_function> gap_functions();           // lifetime lag twa_over_time ...
std::span<const nx_function> whole_range_functions();   // range_normalize running_sum ...
std::span<const nx_function> label_functions();         // label_set label_keep ...

// All of them together.
std::span<const nx_function* const> all_functions();

}  // namespace narthex::function_extra
