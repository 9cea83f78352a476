// SPDX-License-Identifier: Apache-2.0
// group_skew.cpp - hosts that are newer (structs have grown, flags and values nobody has heard of)
// or poorer (services denied). That a struct may be shorter than today's cannot be seen before
// there is a second minor; arguments end at a forbidden page in every check, so a read past a
// struct shows.
#include "check/suite.hpp"

namespace narthex::check {
namespace {

void check_grown(Case& c) {
  Session session(c, {.mode = {.guarded = true, .grown = true}});
  if (!session.up()) return;
  for (int round = 0; round < 4; ++round) exercise_all(session, c.random);
}

void check_denied(Case& c) {
  Session session(c, {.mode = {}, .deny = true});
  const CallResult made = session.create();
  if (!made.ok()) return c.report.note("create without services: " + made.text);
  const CallResult started = session.start();
  if (!started.ok()) return c.report.note("start without services: " + started.text);
  for (int round = 0; round < 2; ++round) exercise_all(session, c.random);
}

constexpr std::array kSkewChecks = {
    Check{"skew", "grown_structs", &check_grown},
    Check{"skew", "denied_services", &check_denied},
};

}  // namespace

std::span<const Check> skew_checks() { return kSkewChecks; }

}  // namespace narthex::check
