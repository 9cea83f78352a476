// SPDX-License-Identifier: Apache-2.0
#include "host/view_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace narthex::host {
namespace {

using Row = std::array<std::string, 5>;

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& item : list) (text += text.empty() ? "" : ", ") += item;
  return text;
}

std::string table(const std::vector<Row>& rows) {
  std::array<std::size_t, 5> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

void line(std::string& text, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  text += name;
  text += std::string(name.size() < 12 ? 12 - name.size() : 1, ' ');
  (text += value) += '\n';
}

}  // namespace

std::string list_text(const HostView& view) {
  std::vector<Row> rows = {{"PLUGIN", "VERSION", "COMPONENT", "INTERFACES", "FILE"}};
  for (const LibraryView& l : view.libraries) {
    for (const ComponentView& c : l.components) {
      std::vector<std::string> all = c.interfaces;
      all.insert(all.end(), c.unknown_interfaces.begin(), c.unknown_interfaces.end());
      rows.push_back({l.id, l.version, c.name, joined(all), l.file});
    }
  }
  std::string text = table(rows);
  for (const RejectedView& r : view.rejected) text += "refused: " + r.reason + '\n';
  for (const QuarantineView& out : view.quarantined) {
    text += "quarantined: " + out.plugin + ": " + out.reason +
            "; let it in again with: narthex plugin release " + out.plugin + '\n';
  }
  return text;
}

std::string info_text(const LibraryView& l) {
  std::string text;
  line(text, "id", l.id);
  line(text, "version", l.version);
  line(text, "summary", l.summary);
  line(text, "vendor", l.vendor);
  line(text, "license", l.license);
  line(text, "url", l.url);
  line(text, "file", l.file);
  line(text, "build id", l.build_id);
  line(text, "abi", "0." + std::to_string(l.abi_minor));
  line(text, "warning", l.warning);
  for (const ComponentView& c : l.components) {
    text += "\ncomponent " + c.name + (c.summary.empty() ? "" : ": " + c.summary) + '\n';
    line(text, "  offers", joined(c.interfaces));
    line(text, "  unknown", joined(c.unknown_interfaces));
    line(text, "  needs", joined(c.needs));
    line(text, "  options", c.config_schema);
  }
  return text;
}

}  // namespace narthex::host
