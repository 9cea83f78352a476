// SPDX-License-Identifier: Apache-2.0
// function_block.hpp - the input of one function call, and the call. A block owns its columns, can
// be cut by series and steps, and is lent to the plugin in pages of its own (borrow.hpp).
#pragma once

#include "check/session.hpp"

#include <narthex/function.h>

#include <random>
#include <string>
#include <vector>

namespace narthex::check {

struct FunctionBlock {
  std::uint32_t series_count = 1, step_count = 1;
  bool cancelled = false;
  // [series][step]: ELEMENTWISE and MATRIX input.
  std::vector<double> v;
  std::vector<std::uint8_t> present;
  std::vector<std::uint8_t> is_histogram;  // of elements; only where the function takes them
  std::vector<std::int64_t> step_t;
  // A list of samples a series, ascending: WINDOW input.
  struct Series {
    std::vector<std::int64_t> t;
    std::vector<double> v;
    std::vector<std::int64_t> ht;  // of histogram samples
  };
  std::vector<Series> series;
  std::int64_t range_ms = 0;
  std::vector<double> scalars;       // [argument][step]; what a SCALAR argument holds
  std::vector<std::string> strings;  // [argument]

  // Of some series and steps, with values that make arithmetic difficult.
  static FunctionBlock random(const nx_function& f, std::mt19937_64& random);
  static FunctionBlock sized(const nx_function& f, std::mt19937_64& random, std::uint32_t series,
                             std::uint32_t steps, std::uint32_t samples_max);
  FunctionBlock cut(std::uint32_t series_first, std::uint32_t series_last, std::uint32_t step_first,
                    std::uint32_t step_last) const;
};

struct FunctionResult {
  nx_status status = NX_OK;
  std::uint32_t step_count = 1;
  std::vector<double> v;
  std::vector<std::uint8_t> present;
};

// Calls the eval of f's kind; reports what it writes that it must not (NXR-FUN-3). Thread-safe.
FunctionResult evaluate(Session& session, const nx_function& f, const FunctionBlock& block);

}  // namespace narthex::check
