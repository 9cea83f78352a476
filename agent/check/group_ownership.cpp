// SPDX-License-Identifier: Apache-2.0
// group_ownership.cpp - what was lent is not kept, not written to, not read past its end; what was
// counted is given back. The pages do the work (borrow.hpp): this only makes the calls.
#include "check/suite.hpp"

namespace narthex::check {
namespace {

void check_borrowed(Case& c) {
  Session session(c, {});
  if (!session.up()) return;
  // Whatever a round kept is gone in the next one, in stop and in destroy.
  for (int round = 0; round < 8; ++round) exercise_all(session, c.random);
  session.stop();
  session.down();
}

void check_buffers(Case& c) {
  for (const int rounds : {0, 1, 5}) {
    Session session(c, {});
    if (!session.up()) return;
    for (int i = 0; i < rounds; ++i) exercise_all(session, c.random);
  }
}

constexpr std::array kOwnershipChecks = {
    Check{"ownership", "borrowed_memory", &check_borrowed},
    Check{"ownership", "buffers", &check_buffers},
};

}  // namespace

std::span<const Check> ownership_checks() { return kOwnershipChecks; }

}  // namespace narthex::check
