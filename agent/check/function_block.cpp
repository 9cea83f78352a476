// SPDX-License-Identifier: Apache-2.0
// function_block.cpp - makes and cuts blocks. Calling is in function_call.cpp.
#include "check/function_block.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace narthex::check {
namespace {

constexpr std::int64_t kFirstStep = 1'700'000'000'000;
constexpr std::int64_t kStepMs = 15'000;

double awkward(std::mt19937_64& random) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  constexpr std::array kOdd = {0.0,
                               -0.0,
                               1.0,
                               -1.0,
                               0.1,
                               1e308,
                               -1e308,
                               5e-324,
                               kInf,
                               -kInf,
                               std::numeric_limits<double>::quiet_NaN()};
  if (random() % 4 == 0) return kOdd[random() % kOdd.size()];
  return static_cast<double>(random() % 10'000) / 8;
}

FunctionBlock::Series make_series(const nx_function& f, std::mt19937_64& random, std::int64_t first,
                                  std::int64_t last, std::uint32_t samples_max) {
  FunctionBlock::Series s;
  const std::uint64_t count = samples_max == 0 ? 0 : random() % (samples_max + 1);
  std::int64_t t = first + static_cast<std::int64_t>(random() % kStepMs);
  for (std::uint64_t i = 0; i < count && t <= last; ++i) {
    s.t.push_back(t);
    s.v.push_back(awkward(random));
    t += 1 + static_cast<std::int64_t>(random() % (2 * kStepMs));
  }
  const bool histograms = (f.flags & NX_FN_HISTOGRAMS) != 0 && random() % 4 == 0;
  for (std::int64_t h = first + 7; histograms && h <= last; h += 2 * kStepMs) s.ht.push_back(h);
  return s;
}

}  // namespace

FunctionBlock FunctionBlock::random(const nx_function& f, std::mt19937_64& random) {
  const std::uint32_t series =
      f.kind == NX_FN_SCALAR ? 1 : 1 + static_cast<std::uint32_t>(random() % 6);
  return sized(f, random, series, 1 + static_cast<std::uint32_t>(random() % 12), 24);
}

FunctionBlock FunctionBlock::sized(const nx_function& f, std::mt19937_64& random,
                                   std::uint32_t series, std::uint32_t steps,
                                   std::uint32_t samples_max) {
  FunctionBlock b;
  b.series_count = f.kind == NX_FN_SCALAR ? 1 : series;
  b.step_count = steps;
  b.range_ms = kStepMs * static_cast<std::int64_t>(1 + random() % 6);
  for (std::uint32_t step = 0; step < steps; ++step)
    b.step_t.push_back(kFirstStep + step * kStepMs);
  const bool histograms = (f.flags & NX_FN_HISTOGRAMS) != 0 && random() % 2 == 0;
  for (std::uint64_t i = 0; i < std::uint64_t{b.series_count} * steps; ++i) {
    b.present.push_back(random() % 5 != 0 ? 1 : 0);
    b.is_histogram.push_back(histograms && b.present.back() != 0 && random() % 3 == 0 ? 1 : 0);
    b.v.push_back(b.present.back() != 0 && b.is_histogram.back() == 0 ? awkward(random) : 0.0);
  }
  for (std::uint32_t s = 0; s < b.series_count; ++s) {
    b.series.push_back(
        make_series(f, random, b.step_t.front() - b.range_ms, b.step_t.back(), samples_max));
  }
  constexpr std::array<std::string_view, 6> kTexts = {"instance", "$1", "job", "(.*)", ".+", ","};
  for (std::uint32_t a = 0; a < f.param_count; ++a) {
    b.strings.emplace_back(
        kTexts[random() % 2 == 0 ? a % kTexts.size() : random() % kTexts.size()]);
    const double constant = random() % 3 == 0 ? awkward(random) : 0.5;
    for (std::uint32_t step = 0; step < steps; ++step) b.scalars.push_back(constant);
  }
  return b;
}

FunctionBlock FunctionBlock::cut(std::uint32_t series_first, std::uint32_t series_last,
                                 std::uint32_t step_first, std::uint32_t step_last) const {
  FunctionBlock part = *this;
  part.series_count = series_last - series_first;
  part.step_count = step_last - step_first;
  part.step_t.assign(step_t.begin() + step_first, step_t.begin() + step_last);
  part.series.assign(series.begin() + series_first, series.begin() + series_last);
  part.v.clear();
  part.present.clear();
  part.is_histogram.clear();
  part.scalars.clear();
  for (std::uint32_t s = series_first; s < series_last; ++s) {
    for (std::uint32_t step = step_first; step < step_last; ++step) {
      const std::size_t at = std::size_t{s} * step_count + step;
      part.v.push_back(v[at]);
      part.present.push_back(present[at]);
      part.is_histogram.push_back(is_histogram[at]);
    }
  }
  for (std::size_t a = 0; a < strings.size(); ++a) {
    for (std::uint32_t step = step_first; step < step_last; ++step) {
      part.scalars.push_back(scalars[a * step_count + step]);
    }
  }
  return part;
}

}  // namespace narthex::check
