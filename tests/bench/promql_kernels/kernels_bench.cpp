// SPDX-License-Identifier: Apache-2.0
// ns a sample of window kernels: 100 series of 1,000 samples at 15 s, windows of 5 min every
// 15 s; a sample counts once for each window that holds it. histogram_quantile: ns a bucket.
//
// max_over_time twice: the plugin's, and as the author of any plugin writes it with the SDK.
#include "plugins/function/promql/classic_buckets.hpp"
#include "plugins/function/promql/families.hpp"

#include <narthex/sdk/function.hpp>
#include <narthex/sdk/text.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

using namespace narthex;

namespace {

constexpr std::uint32_t kSeries = 100;
constexpr std::uint32_t kSamples = 1000;
constexpr std::uint32_t kInWindow = 20;
constexpr int kRounds = 5;

std::optional<double> own_max(const sdk::Window& w) {
  double most = w.values.front();
  for (const double v : w.values) {
    if (v > most || std::isnan(most)) most = v;
  }
  return most;
}
constexpr nx_function kOwn = sdk::over_window<own_max>("max, by the SDK", "Largest sample.");

double best_ns(const std::function<void()>& run) {
  double best = 1e18;
  for (int i = 0; i < kRounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  return best;
}

void bench_windows(std::string_view name, std::span<const nx_function* const> functions) {
  std::vector<std::int64_t> t, end;
  std::vector<std::uint32_t> lo, hi;
  for (std::uint32_t i = 0; i < kSamples; ++i) {
    t.push_back(std::int64_t{i} * 15'000);
    end.push_back(t.back());
    lo.push_back(i + 1 > kInWindow ? i + 1 - kInWindow : 0);
    hi.push_back(i + 1);
  }
  std::vector<double> v(kSeries * kSamples), result(v.size());
  std::vector<std::uint64_t> off;
  std::vector<std::uint8_t> present(v.size(), 1);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<double>(i % 997);
  for (std::uint64_t s = 0; s < kSeries; ++s) off.push_back(s * kSamples);
  const double q = 0.9;
  const nx_arg args[2] = {{&q, 0, {}}, {}};
  nx_window_in in{};
  in.struct_size = sizeof in;
  in.series_count = kSeries;
  in.step_count = kSamples;
  in.n = v.size();
  in.lo = lo.data();
  in.hi = hi.data();
  in.t = t.data();
  in.v = v.data();
  in.end_t = in.step_t = end.data();
  in.range_ms = kInWindow * 15'000;
  in.flags = NX_WINDOW_SHARED_T | NX_WINDOW_SHARED_STEPS;
  in.args = args;
  in.arg_count = 2;
  in.off = off.data();
  const nx_elem_out out{sizeof(nx_elem_out), 0, result.data(), present.data()};
  nx_fn_ctx ctx{};
  ctx.struct_size = sizeof ctx;
  ctx.cancelled = [](const nx_fn_ctx*) -> std::int32_t { return 0; };
  for (const nx_function* f : functions) {
    if (view(f->name) != name) continue;
    const double ns = best_ns([&] { f->eval_window(nullptr, &ctx, &in, &out, nullptr); });
    std::printf("%-20.*s %6.2f ns a sample\n", static_cast<int>(name.size()), name.data(),
                ns / (static_cast<double>(v.size()) * kInWindow));
  }
}

void bench_quantile() {
  constexpr std::uint32_t kBuckets = 12;
  std::vector<function_promql::ClassicBucket> buckets(kBuckets), copy;
  for (std::uint32_t i = 0; i < kBuckets; ++i) buckets[i] = {i + 1.0, i * 10.0};
  buckets.back().upper = std::numeric_limits<double>::infinity();
  double sum = 0;
  const double ns = best_ns([&] {
    for (int i = 0; i < 100'000; ++i) {
      copy = buckets;
      sum += function_promql::classic_quantile(0.9, copy).value;
    }
  });
  std::printf("%-20s %6.2f ns a bucket (%g)\n", "histogram_quantile", ns / (100'000.0 * kBuckets),
              sum);
}

}  // namespace

int main() {
  for (const std::string_view name :
       {"rate", "avg_over_time", "quantile_over_time", "max_over_time"}) {
    bench_windows(name, function_promql::all_functions());
  }
  bench_windows(kOwn.name.ptr, std::array{&kOwn});
  bench_quantile();
}
