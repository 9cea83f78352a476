// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/mountinfo.hpp"

#include "plugins/exporter/node/text_fields.hpp"

#include <optional>

namespace narthex::exporter_node {
namespace {

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes blanks and backslashes as \ooo.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Whether a comma-separated list holds "ro".
bool has_ro(std::string_view options) {
  while (!options.empty()) {
    const std::size_t comma = std::min(options.find(','), options.size());
    if (options.substr(0, comma) == "ro") return true;
    options.remove_prefix(std::min(comma + 1, options.size()));
  }
  return false;
}

// ID PARENT MAJOR:MINOR ROOT MOUNT-POINT OPTIONS [tags ...] - TYPE SOURCE SUPER-OPTIONS
std::optional<Mount> parse_line(std::string_view line) {
  next_word(line);
  next_word(line);
  const std::string_view number = next_word(line);
  next_word(line);
  const std::string_view point = next_word(line);
  const std::string_view options = next_word(line);
  std::string_view tag = next_word(line);
  while (!tag.empty() && tag != "-") tag = next_word(line);
  const std::string_view type = next_word(line);
  const std::string_view source = next_word(line);
  const std::string_view super_options = next_word(line);
  const std::size_t colon = number.find(':');
  if (source.empty() || colon == std::string_view::npos) return std::nullopt;
  Mount mount;
  mount.device = unescaped(source);
  mount.mount_point = unescaped(point);
  mount.type = type;
  mount.major = number.substr(0, colon);
  mount.minor = number.substr(colon + 1);
  mount.read_only = has_ro(options) || has_ro(super_options);
  return mount;
}

}  // namespace

std::vector<Mount> parse_mountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    if (auto mount = parse_line(next_line(text))) mounts.push_back(*std::move(mount));
  }
  return mounts;
}

}  // namespace narthex::exporter_node
