// SPDX-License-Identifier: Apache-2.0
// suite.hpp - the checks there are: groups that go for every component, and a suite for each kind.
// Constant tables, one file each.
#pragma once

#include "check/session.hpp"

#include <array>
#include <random>
#include <span>
#include <string_view>

namespace narthex::check {

struct Check {
  std::string_view group, name;
  void (*run)(Case&);
};

// What the kit knows about an interface.
struct KindSuite {
  std::string_view kind;  // "exporter"
  std::string_view interface_id;
  // One ordinary round of calls with varied input. Of a running session.
  void (*exercise)(Session&, std::mt19937_64&);
  // May run in many threads at once, whatever the component's flags say.
  bool concurrent;
  // It is there to keep what it gets, so memory may grow.
  bool keeps;
  std::span<const Check> checks;
  // Hostile input, endless rounds of it; null: exercise does.
  void (*fuzz)(Session&, std::mt19937_64&);
};

std::span<const Check> file_checks();
std::span<const Check> descriptor_checks();
std::span<const Check> config_checks();
std::span<const Check> lifecycle_checks();
std::span<const Check> ownership_checks();
std::span<const Check> skew_checks();
std::span<const Check> thread_checks();
std::span<const Check> fault_checks();
std::span<const Check> cost_checks();

const KindSuite& discovery_suite();
const KindSuite& protocol_suite();
const KindSuite& ingest_suite();
const KindSuite& datagram_suite();
const KindSuite& exporter_suite();
const KindSuite& storage_suite();
const KindSuite& function_suite();
const KindSuite& notifier_suite();

// The suites of the interfaces that a component offers.
std::vector<const KindSuite*> suites_of(const nx_component& component);
// A round of all of them, and of the callbacks that came of it.
void exercise_all(Session& session, std::mt19937_64& random);

}  // namespace narthex::check
