// SPDX-License-Identifier: Apache-2.0
// group_faults.cpp - everything that can fail does, once: host calls one after the other, memory,
// and callers who do not want to know why.
#include "check/allocation.hpp"
#include "check/suite.hpp"

namespace narthex::check {
namespace {

constexpr std::uint64_t kHostCallsMax = 150;
constexpr std::uint64_t kAllocationsMax = 200;

// A whole life with one failing host call; how many calls there were.
std::uint64_t live(Case& c, std::uint64_t fail_at) {
  Session session(c, {.mode = {}, .fail_at = fail_at});
  std::mt19937_64 same(c.seed);
  if (session.create().ok() && session.start().ok()) exercise_all(session, same);
  const std::uint64_t calls = session.host().calls();
  session.down();
  return calls;
}

void check_host_calls(Case& c) {
  {
    Session session(c, {});
    if (!session.up()) return;
  }
  const std::uint64_t calls = std::min(live(c, 0), kHostCallsMax);
  for (std::uint64_t n = 1; n <= calls; ++n) (void)live(c, n);
  c.report.note(std::to_string(calls) + " host calls failed, one after the other");
}

void check_null_error(Case& c) {
  {
    Session session(c, {});
    if (!session.up()) return;
  }
  Session session(c, {.mode = {}, .no_error = true});
  if (!session.create().ok() || !session.start().ok()) return;
  exercise_all(session, c.random);
}

// The n-th allocation the library makes itself.
void check_allocations(Case& c) {
  Session probe(c, {});
  if (!probe.up()) return;
  probe.down();
  AllocationHooks hooks(c.library->path());
  if (hooks.count() == 0) return c.report.skip("it allocates nothing by itself");
  std::uint64_t tried = 0;
  for (std::uint64_t n = 1; n <= kAllocationsMax; ++n) {
    Session session(c, {.mode = {.guarded = false, .grown = false}});
    std::mt19937_64 same(c.seed);
    hooks.fail_at(n);
    if (session.create().ok() && session.start().ok()) exercise_all(session, same);
    session.down();
    if (!hooks.failed()) break;
    ++tried;
  }
  hooks.fail_at(0);
  c.report.note(std::to_string(tried) + " allocations failed, one after the other");
}

constexpr std::array kFaultChecks = {
    Check{"faults", "host_calls", &check_host_calls},
    Check{"faults", "no_error_wanted", &check_null_error},
    Check{"faults", "allocations", &check_allocations},
};

}  // namespace

std::span<const Check> fault_checks() { return kFaultChecks; }

}  // namespace narthex::check
