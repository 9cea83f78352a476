// SPDX-License-Identifier: Apache-2.0
// pace.hpp - a kernel's look at whether its query goes on: about once a millisecond, whatever its
// loop is over.
#pragma once

#include <narthex/sdk/function.hpp>

#include <cstddef>

namespace narthex::function_promql {

class Pace {
 public:
  explicit Pace(const sdk::FunctionContext& context) : context_(context) {}

  // After so many samples, or work like that. Throws when the query is to stop.
  void after(std::size_t samples) {
    samples_ += samples;
    if (samples_ < kSamplesPerLook) return;
    samples_ = 0;
    context_.check();
  }

 private:
  static constexpr std::size_t kSamplesPerLook = std::size_t{1} << 16;

  const sdk::FunctionContext& context_;
  std::size_t samples_ = 0;
};

}  // namespace narthex::function_promql
