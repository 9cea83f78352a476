// SPDX-License-Identifier: Apache-2.0
// Sums of windows that overlap against CompensatedSum, window by window, to the last bit.
#include "plugins/function/promql/exact_sums.hpp"
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/sums.hpp"

#include <narthex/sdk/text.hpp>

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string_view>
#include <vector>

using namespace narthex;
using namespace narthex::function_promql;

namespace {

using Values = std::vector<double>;

CompensatedSum added_up(const Values& values, std::size_t first, std::size_t last) {
  CompensatedSum sum;
  for (std::size_t i = first; i < last; ++i) sum.add(values[i]);
  return sum;
}

Values make(std::size_t count, const std::function<double(std::size_t)>& value) {
  Values values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = value(i);
  return values;
}

// How many windows of up to `window_max` have another compensation than the twin; -1: not loaded.
int wrong_windows(const Values& values, std::size_t window_max) {
  ExactSums sums;
  if (!sums.load(values, window_max)) return -1;
  int wrong = 0;
  for (std::size_t first = 0; first < values.size(); ++first) {
    for (std::size_t size = 1; size <= window_max && first + size <= values.size(); size += 7) {
      const CompensatedSum expected = added_up(values, first, first + size);
      const double got = sums.compensation(first, first + size, expected.sum);
      if (std::bit_cast<std::uint64_t>(got) !=
          std::bit_cast<std::uint64_t>(expected.compensation)) {
        ++wrong;
      }
    }
  }
  return wrong;
}

// One series at the times 0, 1, ..., with windows (lo, hi] that end at every `step`-th.
struct Windows {
  std::vector<std::int64_t> t, end;
  std::vector<std::uint32_t> lo, hi;

  Windows(std::size_t samples, std::uint32_t size, std::uint32_t step) {
    for (std::size_t i = 0; i < samples; ++i) t.push_back(static_cast<std::int64_t>(i));
    for (std::uint32_t i = 1; i <= samples; i += step) {
      end.push_back(i - 1);
      lo.push_back(i > size ? i - size : 0);
      hi.push_back(i);
    }
  }
};

Values evaluate(std::string_view name, const Values& values, const Windows& windows,
                std::size_t first, std::size_t count) {
  const std::uint64_t off = 0;
  nx_window_in in{};
  in.struct_size = sizeof in;
  in.series_count = 1;
  in.step_count = static_cast<std::uint32_t>(count);
  in.n = count;
  in.lo = windows.lo.data() + first;
  in.hi = windows.hi.data() + first;
  in.t = windows.t.data();
  in.v = values.data();
  in.end_t = in.step_t = windows.end.data() + first;
  in.range_ms = 1;
  in.off = &off;
  Values out(count);
  std::vector<std::uint8_t> present(count, 1);
  const nx_elem_out to{sizeof(nx_elem_out), 0, out.data(), present.data()};
  nx_fn_ctx ctx{};
  ctx.struct_size = sizeof ctx;
  ctx.cancelled = [](const nx_fn_ctx*) -> std::int32_t { return 0; };
  for (const nx_function* f : all_functions()) {
    if (view(f->name) == name) REQUIRE(f->eval_window(nullptr, &ctx, &in, &to, nullptr) == NX_OK);
  }
  return out;
}

// Windows by themselves are compensated on the way: nothing overlaps.
int differing(std::string_view name, const Values& values, const Windows& windows) {
  const Values all = evaluate(name, values, windows, 0, windows.lo.size());
  int wrong = 0;
  for (std::size_t i = 0; i < windows.lo.size(); ++i) {
    const double alone = evaluate(name, values, windows, i, 1)[0];
    const bool same = std::bit_cast<std::uint64_t>(all[i]) == std::bit_cast<std::uint64_t>(alone);
    if (!same && !(std::isnan(all[i]) && std::isnan(alone))) ++wrong;
  }
  return wrong;
}

}  // namespace

TEST_CASE("integers find the compensation of every window", "[function]") {
  std::mt19937_64 random(20'261'129);
  std::uniform_real_distribution<double> part(0, 1);
  const auto wrong = [](const std::function<double(std::size_t)>& value) {
    return wrong_windows(make(400, value), 240);
  };
  CHECK(wrong([&](auto) { return std::round(part(random) * 1000) / 100; }) == 0);
  CHECK(wrong([&](auto) { return part(random); }) == 0);
  CHECK(wrong([&](auto) { return part(random) - 0.5; }) == 0);
  CHECK(wrong([&](auto i) { return i % 9 == 0 ? 0.0 : part(random) * 1e9; }) == 0);
  CHECK(wrong([&](auto i) { return static_cast<double>(i) * 1e12 + 1; }) == 0);
  CHECK(wrong([&](auto i) { return i % 2 == 0 ? 0x1p80 : -0x1p80; }) == 0);
  CHECK(wrong([&](auto i) { return i % 2 == 0 ? 0x1p60 : 3.0; }) == 0);
  CHECK(wrong([&](auto) { return part(random) * 5e-320; }) == 0);
  CHECK(wrong([&](auto) { return -0.0; }) == 0);
  CHECK(wrong([&](auto) { return part(random) * 1e300; }) == 0);
  for (int spread = 0; spread < 40; spread += 5) {
    CHECK(wrong([&](auto) {
            return std::ldexp(part(random), static_cast<int>(random() % 40) % (spread + 1));
          }) <= 0);
  }
}

TEST_CASE("integers are not asked where rests may be rounded", "[function]") {
  const auto loads = [](double odd_one) {
    Values values(100, 1.5);
    values[40] = odd_one;
    return ExactSums().load(values, 100);
  };
  CHECK(loads(0.1));
  CHECK(loads(1e12));
  CHECK_FALSE(loads(std::numeric_limits<double>::infinity()));
  CHECK_FALSE(loads(std::numeric_limits<double>::quiet_NaN()));
  CHECK_FALSE(loads(1e-40));
  CHECK_FALSE(loads(1e40));
  CHECK_FALSE(ExactSums().load(Values(100, 1.7e308), 100));
}

TEST_CASE("sums and means of windows do not depend on their neighbours", "[function]") {
  std::mt19937_64 random(20'261'130);
  std::uniform_real_distribution<double> part(0, 1);
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<Values> series = {
      make(700, [&](auto) { return std::round(part(random) * 1000) / 100; }),
      make(700, [&](auto) { return part(random) - 0.5; }),
      make(700, [&](auto i) { return i % 50 == 0 ? 1e-200 : part(random); }),
      make(700, [&](auto i) { return i == 300   ? infinity
                                     : i == 420 ? -infinity
                                                : part(random); }),
      make(700, [&](auto i) { return i == 300 ? std::nan("") : part(random); }),
      make(700, [&](auto) { return part(random) * 1.7e308; }),
      Values(700, -0.0),
  };
  for (const std::string_view name : {"sum_over_time", "avg_over_time"}) {
    for (const Values& values : series) {
      for (const std::uint32_t step : {1U, 4U, 7U}) {
        for (const std::uint32_t size : {1U, 5U, 20U, 240U}) {
          INFO(name << " series " << &values - series.data() << ", windows of " << size << " every "
                    << step);
          CHECK(differing(name, values, Windows(values.size(), size, step)) == 0);
        }
      }
    }
  }
}
