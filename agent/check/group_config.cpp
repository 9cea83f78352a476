// SPDX-License-Identifier: Apache-2.0
// group_config.cpp - configurations that the schema allows. What it does not allow never reaches a
// plugin: the host's own tests see to that.
#include "check/process_state.hpp"
#include "check/samples.hpp"
#include "check/suite.hpp"

namespace narthex::check {
namespace {

constexpr int kWildRounds = 60;

// create, and destroy again.
void try_options(Case& c, const nx_value& options) {
  Session session(c, {});
  const CallResult checked = session.validate(options);
  const CallResult again = session.validate(options);
  if (checked.status != again.status) {
    c.report.find("NXR-CFG-2", "validate answers another way the second time: " + checked.text +
                                   " / " + again.text);
  }
  if (!checked.ok()) return;
  const CallResult made = session.create(options);
  if (made.status == NX_ERR_INVALID_CONFIG || made.status == NX_ERR_INVALID_ARGUMENT) {
    c.report.find("NXR-CFG-2", "create refuses what validate took: " + made.text);
  }
}

void check_wild(Case& c) {
  Samples samples(c.schema->root(), c.folder, c.seed);
  int tried = 0;
  for (int round = 0; round < kWildRounds; ++round) {
    const nx_value made = samples.wild();
    const auto tree = c.convert(made);
    if (tree == nullptr) continue;
    ++tried;
    try_options(c, tree->root);
  }
  c.report.note(std::to_string(tried) + " configurations tried");
}

void check_validate_is_pure(Case& c) {
  const auto options = c.options();
  if (options == nullptr) return c.report.skip("no options could be made up; use --config");
  Session session(c, {});
  (void)session.validate(options->root);  // libraries may load data on first use
  const ProcessState before = ProcessState::now();
  (void)session.validate(options->root);
  ProcessState::now().compare(before, "validate", true, "NXR-CFG-2", c.report);
}

bool has_secret(const nx_value& value) {
  if ((value.flags & NX_VALUE_SECRET) != 0) return true;
  for (const nx_value& item : sdk::Value(&value).items()) {
    if (has_secret(item)) return true;
  }
  for (const nx_kv& entry : sdk::Value(&value).entries()) {
    if (has_secret(entry.value)) return true;
  }
  return false;
}

void check_secrets(Case& c) {
  Samples samples(c.schema->root(), c.folder, c.seed);
  int tried = 0;
  for (int round = 0; round < 4 * kWildRounds && tried < 20; ++round) {
    const nx_value made = samples.wild();
    const auto tree = c.convert(made);
    if (tree == nullptr || !has_secret(tree->root)) continue;
    ++tried;
    Session session(c, {});
    (void)session.validate(tree->root);
    if (session.create(tree->root).ok() && session.start().ok()) {
      exercise_all(session, c.random);
    }
    for (const std::string& text : session.host().said()) {
      if (text.find(kSecret) == std::string::npos) continue;
      c.report.find("NXR-CFG-3", "a secret option is shown: " + text);
    }
  }
  if (tried == 0) c.report.skip("it has no secret options");
}

constexpr std::array kConfigChecks = {
    Check{"config", "wild_options", &check_wild},
    Check{"config", "validate_is_pure", &check_validate_is_pure},
    Check{"config", "secrets", &check_secrets},
};

}  // namespace

std::span<const Check> config_checks() { return kConfigChecks; }

}  // namespace narthex::check
