// SPDX-License-Identifier: Apache-2.0
// matcher.hpp - a label matcher, compiled: `name op "value"`. Immutable, thread-safe, cheap to
// copy.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace narthex::store {

class Matcher {
 public:
  // op: NX_MATCH_*. A bad expression is NX_ERR_INVALID_ARGUMENT with the regex engine's message.
  static Result<Matcher> make(int op, std::string_view name, std::string_view value);

  std::string_view name() const;
  std::string_view value() const;
  int op() const;
  bool matches(std::string_view value) const;
  const nx_matcher* raw() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace narthex::store
