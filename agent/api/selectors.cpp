// SPDX-License-Identifier: Apache-2.0
#include "api/selectors.hpp"

#include "promql/parser.hpp"

namespace narthex::api {

namespace {

// Whether every series would match: then a query over all there is was hardly meant.
bool matches_everything(const Selector& selector) {
  for (const store::Matcher& matcher : selector) {
    if (!matcher.matches("")) return false;
  }
  return true;
}

}  // namespace

Result<std::vector<Selector>> parse_selectors(const std::vector<std::string>& texts,
                                              bool allow_empty) {
  std::vector<Selector> selectors;
  for (const std::string& text : texts) {
    const Result<std::vector<promql::LabelMatcher>> parsed = promql::parse_selector(text);
    if (!parsed.ok()) return parsed.status();
    Selector& selector = selectors.emplace_back();
    for (const promql::LabelMatcher& m : *parsed) {
      Result<store::Matcher> matcher = store::Matcher::make(m.op, m.name, m.value);
      if (!matcher.ok()) return matcher.status();
      selector.push_back(*std::move(matcher));
    }
    if (!allow_empty && matches_everything(selector)) {
      return invalid_argument("match[] must contain at least one non-empty matcher");
    }
  }
  return selectors;
}

}  // namespace narthex::api
