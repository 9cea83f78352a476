// SPDX-License-Identifier: Apache-2.0
#include "remote_read/selection.hpp"

#include <algorithm>

namespace narthex::remote_read {

namespace {

bool asks_for_external(const RequestMatcher& matcher, const ExternalLabels& external) {
  return matcher.type == NX_MATCH_EQ &&
         std::any_of(external.begin(), external.end(), [&](const auto& label) {
           return label.first == matcher.name && label.second == matcher.value;
         });
}

// Hints narrow the range and never widen it; a sender that leaves them at 0 has none.
void set_range(const RequestQuery& query, Selection& selection) {
  selection.min_t = query.start_ms;
  selection.max_t = query.end_ms;
  if (!query.has_hints || (query.hint_start_ms == 0 && query.hint_end_ms == 0)) return;
  selection.min_t = std::max(selection.min_t, query.hint_start_ms);
  selection.max_t = std::min(selection.max_t, query.hint_end_ms);
}

}  // namespace

Result<Selection> Selection::make(const RequestQuery& query, const ExternalLabels& external) {
  Selection selection;
  for (const RequestMatcher& asked : query.matchers) {
    if (asked.type < NX_MATCH_EQ || asked.type > NX_MATCH_NRE) {
      return invalid_argument("invalid matcher type");
    }
    std::string_view value = asked.value;
    if (asks_for_external(asked, external)) value = {};
    Result<store::Matcher> matcher = store::Matcher::make(asked.type, asked.name, value);
    if (!matcher.ok()) return matcher.status();
    selection.matchers.push_back(*std::move(matcher));
  }
  set_range(query, selection);
  selection.hints.step_ms = query.hint_step_ms;
  selection.hints.range_ms = query.hint_range_ms;
  selection.labels_only = query.hint_function == "series";
  return selection;
}

}  // namespace narthex::remote_read
