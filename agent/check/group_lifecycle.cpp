// SPDX-License-Identifier: Apache-2.0
// group_lifecycle.cpp - instances come and go, in every order that the ABI allows.
#include "check/process_state.hpp"
#include "check/suite.hpp"

#include <malloc.h>

namespace narthex::check {
namespace {

// What an allocator keeps back for itself grows at first and then stays.
constexpr int kWarmUp = 100;
constexpr int kRounds = 400;
constexpr std::size_t kLeakBytes = 16;  // a round

std::size_t bytes_in_use() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCountsBytes = false;  // the sanitizers' allocators do not tell
#else
constexpr bool kCountsBytes = true;
#endif

// Reports when rounds of `act` make memory, files or threads grow.
template <class Act>
void watch_growth(Case& c, const char* what, int warm_up, int rounds, const Act& act) {
  for (int i = 0; i < warm_up; ++i) act();
  const ProcessState before = ProcessState::now();
  const std::size_t first = bytes_in_use();
  for (int i = 0; i < rounds; ++i) act();
  const std::size_t last = bytes_in_use();
  const std::string files = ProcessState::now().new_files(before);
  if (!files.empty())
    c.report.find("NXR-LIF-1", std::string(what) + " leaves files open: " + files);
  if (!kCountsBytes || last <= first + kLeakBytes * static_cast<std::size_t>(rounds)) return;
  c.report.find("NXR-LIF-1", std::string(what) + " leaks " +
                                 std::to_string((last - first) / static_cast<std::size_t>(rounds)) +
                                 " bytes each time");
}

constexpr Borrow::Mode kPlain = {.guarded = false, .grown = false};

void check_create_destroy(Case& c) {
  {
    Session session(c, {kPlain});
    if (!session.up()) return;
  }
  watch_growth(c, "create and destroy", kWarmUp, kRounds, [&] {
    Session session(c, {kPlain});
    (void)session.create();
  });
}

void check_start_stop(Case& c) {
  Session session(c, {});
  if (!session.up()) return;
  for (int i = 0; i < 10; ++i) {
    exercise_all(session, c.random);
    session.stop();
    if (const CallResult again = session.start(); !again.ok()) {
      return c.report.find("NXR-LIF-3", "start after stop fails: " + again.text);
    }
  }
}

void check_work_growth(Case& c) {
  for (const KindSuite* suite : suites_of(*c.component)) {
    if (suite->keeps) return c.report.skip("keeping data is its work");
  }
  Session session(c, {kPlain});
  if (!session.up()) return;
  watch_growth(c, "a round of calls", kWarmUp, kRounds, [&] {
    std::mt19937_64 same(c.seed);  // the same input each time: nothing new to remember
    exercise_all(session, same);
  });
}

void check_no_start(Case& c) {
  Session session(c, {});
  (void)session.create();
}

void check_many(Case& c) {
  if ((c.component->flags & NX_COMPONENT_SINGLETON) != 0) return c.report.skip("it is a singleton");
  std::vector<std::unique_ptr<Session>> all;
  for (int i = 0; i < 8; ++i) {
    auto session = std::make_unique<Session>(c, SessionPlan{});
    if (!session->up(i > 0)) break;
    all.push_back(std::move(session));
  }
  if (all.empty()) return;
  // Two of them may want the same port or folder: that is an error like another.
  c.report.note(std::to_string(all.size()) + " instances with the same options at once");
  for (const auto& session : all) exercise_all(*session, c.random);
  // The first goes while the others work on.
  all.erase(all.begin());
  for (const auto& session : all) exercise_all(*session, c.random);
}

void check_manners(Case& c) {
  Session session(c, {});
  const ProcessState before = ProcessState::now();
  if (session.create().ok()) {
    ProcessState::now().compare(before, "create", true, "NXR-LIF-2", c.report);
    if (session.start().ok()) {
      for (int i = 0; i < 5; ++i) exercise_all(session, c.random);
    }
  }
  session.down();
  ProcessState::now().compare(before, "the instance", false, "NXR-LIF-1", c.report);
}

constexpr std::array kLifecycleChecks = {
    Check{"lifecycle", "create_destroy", &check_create_destroy},
    Check{"lifecycle", "start_stop", &check_start_stop},
    Check{"lifecycle", "work", &check_work_growth},
    Check{"lifecycle", "destroy_without_start", &check_no_start},
    Check{"lifecycle", "many_instances", &check_many},
    Check{"lifecycle", "manners", &check_manners},
};

}  // namespace

std::span<const Check> lifecycle_checks() { return kLifecycleChecks; }

}  // namespace narthex::check
