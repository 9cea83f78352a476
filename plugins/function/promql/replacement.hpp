// SPDX-License-Identifier: Apache-2.0
// replacement.hpp - a regular expression over a whole text, and what to make of its groups: $1,
// ${name}, $$. Immutable after construction; thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace narthex::function_promql {

class Replacement {
 public:
  Replacement(std::string_view regex, std::string_view replacement);
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  bool ok() const;  // the expression is one
  // Nothing when text does not match.
  std::optional<std::string> apply(std::string_view text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace narthex::function_promql
