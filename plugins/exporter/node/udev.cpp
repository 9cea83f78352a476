// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/udev.hpp"

#include "plugins/exporter/node/text_fields.hpp"

namespace narthex::exporter_node {

UdevProperties UdevProperties::parse(std::string_view text) {
  UdevProperties all;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    if (!line.starts_with("E:")) continue;
    line.remove_prefix(2);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    all.properties_[std::string(line.substr(0, equals))] = line.substr(equals + 1);
  }
  return all;
}

std::string_view UdevProperties::get(std::string_view name) const {
  const auto at = properties_.find(name);
  return at == properties_.end() ? std::string_view() : std::string_view(at->second);
}

std::string_view UdevProperties::get(std::string_view name, std::string_view otherwise) const {
  const std::string_view value = get(name);
  return value.empty() ? get(otherwise) : value;
}

}  // namespace narthex::exporter_node
