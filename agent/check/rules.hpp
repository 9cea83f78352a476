// SPDX-License-Identifier: Apache-2.0
// rules.hpp - the rules that findings name. plugin-api/docs/conformance.md lists the same ones, and
// a test compares the two. Constant data, thread-safe.
#pragma once

#include <span>
#include <string_view>

namespace narthex::check {

struct Rule {
  std::string_view id;
  std::string_view text;    // what holds
  std::string_view advice;  // what to do about a finding
};

std::span<const Rule> rules();
// Null: no such rule.
const Rule* find_rule(std::string_view id);

}  // namespace narthex::check
