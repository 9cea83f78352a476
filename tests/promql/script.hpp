// SPDX-License-Identifier: Apache-2.0
// script.hpp - runs scripts in the language of Prometheus's own engine tests:
//
//   load 1m
//     foo{a="b"} 0+1x10
//   eval instant at 5m sum(foo)
//     {} 5
//   eval range from 0 to 2m step 1m foo
//     foo{a="b"} 0 1 2
//   clear
//
// eval_fail, eval_warn, eval_info and eval_ordered say what else has to happen; so do lines that
// begin with `expect` (fail, warn, info, no_warn, no_info, ordered, with `msg: text`).
#pragma once

#include "promql/engine.hpp"
#include "tests/support/memory_source.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::test {

struct ScriptOutcome {
  std::size_t evals = 0;
  std::vector<std::string> failures;  // "line 12: sum(foo): ..."
};

struct ScriptOptions {
  promql::ParseOptions parse;
  bool delayed_name_removal = true;
};

// Features as the reference's own tests have them: all on.
ScriptOptions all_features();

ScriptOutcome run_script(std::string_view text, std::shared_ptr<const promql::FunctionTable> table,
                         const ScriptOptions& options);

}  // namespace narthex::test
