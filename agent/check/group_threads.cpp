// SPDX-License-Identifier: Apache-2.0
// group_threads.cpp - many threads at once where the ABI allows it. Contexts of host calls and
// threads after stop are watched in every check (kit_host.cpp, session.cpp).
#include "check/suite.hpp"

#include <thread>

namespace narthex::check {
namespace {

constexpr int kThreads = 8;
constexpr int kRoundsEach = 25;

bool may_overlap(const Case& c, const KindSuite& suite) {
  return suite.concurrent || (c.component->flags & NX_COMPONENT_CONCURRENT) != 0;
}

void hammer(Session& session, const KindSuite& suite, std::uint64_t seed) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&session, &suite, seed, t] {
      std::mt19937_64 random(seed + static_cast<std::uint64_t>(t));
      for (int i = 0; i < kRoundsEach; ++i) suite.exercise(session, random);
    });
  }
}

void check_hammer(Case& c) {
  bool any = false;
  for (const KindSuite* suite : suites_of(*c.component)) any = any || may_overlap(c, *suite);
  if (!any) return c.report.skip("its calls come one at a time");
  Session session(c, {.mode = {.guarded = false, .grown = false}});
  if (!session.up()) return;
  for (const KindSuite* suite : suites_of(*c.component)) {
    if (may_overlap(c, *suite)) hammer(session, *suite, c.seed);
  }
}

// Callbacks and own threads, for a while; then nothing of it may be left.
void check_stop(Case& c) {
  for (int i = 0; i < 5; ++i) {
    Session session(c, {});
    if (!session.up(i > 0)) return;
    exercise_all(session, c.random);
    session.host().pump(3);
  }
}

constexpr std::array kThreadChecks = {
    Check{"threads", "hammer", &check_hammer},
    Check{"threads", "nothing_after_stop", &check_stop},
};

}  // namespace

std::span<const Check> thread_checks() { return kThreadChecks; }

}  // namespace narthex::check
