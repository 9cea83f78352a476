// SPDX-License-Identifier: Apache-2.0
#include "transfer/selectors.hpp"

#include "promql/parser.hpp"

#include <narthex/sdk/quote.hpp>

namespace narthex::transfer {

Result<std::vector<Selector>> parse_selectors(const std::vector<std::string>& texts) {
  std::vector<Selector> out;
  for (const std::string& text : texts) {
    const auto parsed = promql::parse_selector(text);
    if (!parsed.ok()) return parsed.status().with_prefix(sdk::quote_excerpt(text));
    Selector& selector = out.emplace_back();
    for (const promql::LabelMatcher& m : *parsed) {
      Result<store::Matcher> matcher = store::Matcher::make(m.op, m.name, m.value);
      if (!matcher.ok()) return matcher.status().with_prefix(sdk::quote_excerpt(text));
      selector.push_back(*std::move(matcher));
    }
  }
  return out;
}

}  // namespace narthex::transfer
