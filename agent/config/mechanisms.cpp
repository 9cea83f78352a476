// SPDX-License-Identifier: Apache-2.0
#include "config/fingerprint.hpp"
#include "config/isolation.hpp"
#include "config/job_section.hpp"

#include <algorithm>
#include <array>

namespace narthex::config {

namespace {

constexpr std::string_view kSuffix = "_sd_configs";

// What Prometheus says of targets that hold a URL.
void check_static_group(TableReader& group) {
  for (const Part& target : group.items("targets")) {
    const std::string_view text = target.document->text(target.value);
    if (target.value->type == NX_TABLE || target.value->type == NX_ARRAY) {
      group.diagnostics().error(target, "a target must be text: \"host:port\"");
    } else if (text.find('/') != std::string_view::npos) {
      group.diagnostics().error(target, '"' + std::string(text) + "\" is not a valid hostname",
                                "a target is host:port; path and scheme are keys of the job");
    }
  }
  std::map<std::string, std::string> labels;
  group.read("labels", labels);
  if (labels.contains("")) group.error("labels", "\"\" is not a valid label name");
  group.done();
}

void read_static(TableReader& table, std::vector<discovery::MechanismOptions>& out) {
  for (TableReader& group :
       table.tables("static_configs", "empty or null section in static_configs")) {
    check_static_group(group);
  }
  for (const Part& part : table.all("static_configs")) {
    if (part.value->type != NX_ARRAY) continue;
    discovery::MechanismOptions mechanism;
    mechanism.plugin = "static";
    mechanism.document = document::Document::wrap(part.document, "groups", *part.value);
    mechanism.config = &mechanism.document->root();
    out.push_back(std::move(mechanism));
  }
}

void read_dynamic(TableReader& table, const Part& list,
                  std::vector<discovery::MechanismOptions>& out) {
  const std::string_view key = view(list.entry->key);
  for (TableReader& element : table.tables(key, "empty or null section in " + std::string(key))) {
    discovery::MechanismOptions mechanism;
    mechanism.plugin = key.substr(0, key.size() - kSuffix.size());
    mechanism.isolated = read_isolation(element);
    constexpr std::array<std::string_view, 1> kOurs = {"isolation"};
    mechanism.document =
        document::Document::without(element.part().document, *element.part().value, kOurs);
    mechanism.config = &mechanism.document->root();
    out.push_back(std::move(mechanism));
  }
}

}  // namespace

std::vector<discovery::MechanismOptions> read_mechanisms(TableReader& table) {
  std::vector<discovery::MechanismOptions> mechanisms;
  for (const Part& part : table.others()) {
    const std::string_view key = view(part.entry->key);
    if (key.ends_with(kSuffix) && key.size() > kSuffix.size()) {
      read_dynamic(table, part, mechanisms);
    }
  }
  std::stable_sort(mechanisms.begin(), mechanisms.end(),
                   [](const auto& a, const auto& b) { return a.plugin < b.plugin; });
  read_static(table, mechanisms);
  for (discovery::MechanismOptions& mechanism : mechanisms) {
    std::string text = mechanism.plugin + (mechanism.isolated ? "! " : " ");
    append_canonical(text, *mechanism.config);
    mechanism.fingerprint = fingerprint_of(text);
  }
  return mechanisms;
}

}  // namespace narthex::config
