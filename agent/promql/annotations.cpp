// SPDX-License-Identifier: Apache-2.0
#include "promql/annotations.hpp"

#include "promql/parser.hpp"
#include "promql/quoting.hpp"

namespace narthex::promql {

namespace {

// More are neither kept nor counted exactly: a query over many metrics must not fill memory.
constexpr std::size_t kMaxKept = 10'000;

std::vector<std::string> render(const std::map<std::string, Position, std::less<>>& set,
                                std::string_view query, std::string_view prefix,
                                std::string_view kind, std::size_t limit) {
  std::vector<std::string> out;
  for (const auto& [text, at] : set) {
    if (limit != 0 && out.size() == limit) break;
    out.push_back(std::string(prefix) + text + " (" + line_and_column(query, at.start) + ")");
  }
  if (out.size() < set.size()) {
    out.push_back(std::to_string(set.size() - out.size()) + " more " + std::string(kind) +
                  " annotations omitted");
  }
  return out;
}

}  // namespace

void Annotations::add(Set& set, Position at, std::string text) {
  if (const auto known = set.find(text); known != set.end()) {
    known->second = at;
  } else if (set.size() < kMaxKept) {
    set.emplace(std::move(text), at);
  }
}

std::vector<std::string> Annotations::warnings(std::string_view query, std::size_t limit) const {
  return render(warnings_, query, "PromQL warning: ", "warning", limit);
}

std::vector<std::string> Annotations::infos(std::string_view query, std::size_t limit) const {
  return render(infos_, query, "PromQL info: ", "info", limit);
}

std::string for_metric(std::string_view name) {
  return name.empty() ? std::string() : " for metric name " + quote(name);
}

}  // namespace narthex::promql
