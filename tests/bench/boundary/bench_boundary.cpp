// SPDX-License-Identifier: Apache-2.0
// What the plugin ABI costs: the guarded call into a storage, for every batch appended and every
// block scanned, against the budget of 1 % of a core at 2 M samples/s appended and 100 M scanned.
//
//   bench_boundary          prints the figures; exit code 1 when a budget is missed
#include "bus/bus.hpp"
#include "host/plugin_host.hpp"
#include "runtime/asio_executor.hpp"

#include <narthex/storage.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

using namespace narthex;

constexpr double kAppendPerSecond = 2e6;
constexpr double kScanPerSecond = 1e8;
constexpr double kBudget = 0.01;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// ns a call: the best of five runs, which disturb each other least.
template <class F>
double ns_a_call(int calls, F&& f) {
  double best = 1e18;
  for (int run = 0; run < 5; ++run) {
    const double begun = now_s();
    for (int i = 0; i < calls; ++i) f();
    best = std::min(best, (now_s() - begun) / calls * 1e9);
  }
  return best;
}

struct Storage {
  std::shared_ptr<host::Instance> instance;
  const nx_storage* table = nullptr;
  host::CallSite append;
  host::CallSite next;
};

// Calls through the guard, as the store does, and without it.
double append_ns(Storage& s, std::int64_t rows, bool guarded) {
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = static_cast<std::uint64_t>(rows);
  nx_append_result result{};
  result.struct_size = sizeof result;
  sdk::ErrorSlot direct;
  return ns_a_call(2'000'000, [&] {
    if (guarded) {
      (void)s.instance->call(s.append, [&](void*, nx_error* err) {
        return s.table->append(nullptr, &batch, &result, err);
      });
    } else {
      (void)s.table->append(nullptr, &batch, &result, &direct);
    }
  });
}

double next_ns(Storage& s, std::uint64_t samples) {
  auto* cursor = reinterpret_cast<nx_cursor*>(samples);
  nx_block block{};
  block.struct_size = sizeof block;
  return ns_a_call(2'000'000, [&] {
    (void)s.instance->call(
        s.next, [&](void*, nx_error* err) { return s.table->next(cursor, &block, err); });
  });
}

// True when share is within the budget.
bool report(const char* what, std::uint64_t size, double call_ns, double calls_per_second) {
  const double share = call_ns * calls_per_second / 1e9;
  std::printf("%-34s %8llu %10.1f %12.0f %10.4f %%%s\n", what,
              static_cast<unsigned long long>(size), call_ns, calls_per_second, share * 100,
              share <= kBudget ? "" : "   over the budget");
  return share <= kBudget;
}

bool measure(Storage& s) {
  std::printf("guarded call %.1f ns, direct call %.1f ns\n\n", append_ns(s, 1, true),
              append_ns(s, 1, false));
  std::printf("%-34s %8s %10s %12s %12s\n", "", "size", "ns a call", "calls/s", "of a core");
  bool good = true;
  // A transaction is begin, append and commit: three calls a batch.
  for (const std::int64_t rows : {2000, 512, 100}) {
    good &= report("append, rows a batch", static_cast<std::uint64_t>(rows),
                   3 * append_ns(s, rows, true), kAppendPerSecond / static_cast<double>(rows));
  }
  for (const std::uint64_t samples : {65536, 8192, 4096}) {
    good &= report("scan, samples a block", samples, next_ns(s, samples),
                   kScanPerSecond / static_cast<double>(samples));
  }
  return good;
}

}  // namespace

int main() {
  runtime::AsioExecutor executor({});
  telemetry::Registry registry;
  bus::Bus bus(executor, registry);
  host::HostOptions options;
  options.plugin_dirs = {NARTHEX_BENCH_PLUGINS};
  host::PluginHost plugins(options, {executor, registry, bus, nullptr});
  host::InstanceRequest request;
  request.interface_id = NX_STORAGE_ID;
  request.kind = "storage";
  request.component = "null_storage";
  request.name = "bench";
  auto made = plugins.create(request);
  if (!made.ok() || !(*made)->start().ok()) {
    std::fprintf(stderr, "%s\n", made.status().message().c_str());
    return EXIT_FAILURE;
  }
  Storage s;
  s.instance = *made;
  s.table = static_cast<const nx_storage*>(s.instance->table(NX_STORAGE_ID));
  s.append = s.instance->site(NX_STORAGE_ID ".append", 10'000);
  s.next = s.instance->site(NX_STORAGE_ID ".next", 10'000);
  return measure(s) ? EXIT_SUCCESS : EXIT_FAILURE;
}
