// SPDX-License-Identifier: Apache-2.0
// group_cost.cpp - figures, no judgement: what an instance and a round of calls cost.
#include "check/allocation.hpp"
#include "check/suite.hpp"

#include <chrono>
#include <cstdio>

namespace narthex::check {
namespace {

constexpr Borrow::Mode kOrdinary = {.guarded = false, .grown = false};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::string figure(const char* what, double seconds, int rounds, std::uint64_t bytes) {
  char text[160];
  std::snprintf(text, sizeof text, "%s: %.2f us, %.0f bytes allocated by the library", what,
                seconds * 1e6 / rounds, static_cast<double>(bytes) / rounds);
  return text;
}

void check_cost(Case& c) {
  {
    Session session(c, {kOrdinary});
    if (!session.up()) return;
  }
  AllocationHooks hooks(c.library->path());
  constexpr int kInstances = 50;
  auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kInstances; ++i) {
    Session session(c, {kOrdinary});
    (void)session.create();
  }
  c.report.note(figure("create, destroy", seconds_since(begin), kInstances, hooks.bytes()));

  Session session(c, {kOrdinary});
  if (!session.up(true)) return;
  constexpr int kMost = 200;
  std::mt19937_64 random(c.seed);
  hooks.fail_at(0);
  begin = std::chrono::steady_clock::now();
  int rounds = 0;
  while (rounds < kMost && seconds_since(begin) < 1) exercise_all(session, random), ++rounds;
  c.report.note(figure("a round of the kit's calls", seconds_since(begin), rounds, hooks.bytes()));
}

constexpr std::array kCostChecks = {Check{"cost", "figures", &check_cost}};

}  // namespace

std::span<const Check> cost_checks() { return kCostChecks; }

}  // namespace narthex::check
