// SPDX-License-Identifier: Apache-2.0
#include "config/remote_read_section.hpp"

#include "config/fingerprint.hpp"
#include "config/http_client.hpp"

#include <array>
#include <map>
#include <set>

namespace narthex::config {

namespace {

// The keys that are ours; the others are the HTTP client's.
constexpr std::array<std::string_view, 8> kOwnKeys = {
    "url",     "name",        "remote_timeout",         "chunked_read_limit",
    "headers", "read_recent", "filter_external_labels", "required_matchers"};

RemoteReadSection read_one(TableReader& table) {
  RemoteReadSection section;
  store::RemoteReadOptions& options = section.options;
  table.read("url", options.url);
  if (options.url.empty()) table.error("url", "url for remote_read is empty");
  table.read("name", options.name);
  table.read_duration("remote_timeout", options.timeout_ms);
  table.read("chunked_read_limit", options.chunked_read_limit);
  table.read("read_recent", options.read_recent);
  table.read("filter_external_labels", options.filter_external_labels);
  std::map<std::string, std::string> texts;
  table.read("required_matchers", texts);
  options.required_matchers.assign(texts.begin(), texts.end());
  texts.clear();
  table.read("headers", texts);
  for (const auto& [name, value] : texts) {
    if (!is_reserved_header(name)) continue;
    table.error("headers", name + " is a reserved header. It must not be changed");
  }
  options.headers.assign(texts.begin(), texts.end());
  section.client = read_http_client(table);
  options.client =
      document::Document::without(table.part().document, *table.part().value, kOwnKeys);
  std::string text;
  append_canonical(text, *table.part().value);
  options.fingerprint = fingerprint_of(text);
  return section;
}

}  // namespace

std::vector<RemoteReadSection> read_remote_reads(TableReader& root) {
  std::vector<RemoteReadSection> sections;
  std::set<std::string> names;
  for (TableReader& table :
       root.tables("remote_read", "empty or null remote read config section")) {
    sections.push_back(read_one(table));
    table.done();
    const std::string& name = sections.back().options.name;
    if (!name.empty() && !names.insert(name).second) {
      table.error("name", "found multiple remote read configs with job name \"" + name + '"');
    }
  }
  return sections;
}

}  // namespace narthex::config
