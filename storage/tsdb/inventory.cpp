// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/inventory.hpp"

#include "storage/checksum/crc32c.hpp"
#include "storage/fs/replace_file.hpp"

#include <charconv>
#include <cstdio>
#include <string_view>

namespace narthex::storage::tsdb {
namespace {

constexpr std::string_view kFirstLine = "narthex tsdb 1";
constexpr std::size_t kBytesMax = 64 << 20;

std::string checksum_line(std::string_view text) {
  char line[32];
  std::snprintf(line, sizeof line, "crc32c %08x\n",
                crc32c({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  return line;
}

// Takes one word and the blank or line end behind it.
std::string_view next_word(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view word = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return word;
}

bool to_number(std::string_view word, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  return error == std::errc() && end == word.data() + word.size();
}

bool parse(std::string_view text, Inventory& out) {
  if (next_word(text, '\n') != kFirstLine) return false;
  while (!text.empty()) {
    std::string_view line = next_word(text, '\n');
    const std::string_view kind = next_word(line, ' ');
    if (kind == "log") {
      if (!to_number(next_word(line, ' '), out.first_segment)) return false;
      if (!to_number(line, out.last_segment)) return false;
    } else if (kind == "table" && !line.empty()) {
      out.tables.emplace_back(line);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

fs::Status Inventory::save(fs::FileSystem& files, const std::string& path) const {
  std::string text(kFirstLine);
  text += "\nlog " + std::to_string(first_segment) + ' ' + std::to_string(last_segment) + '\n';
  for (const std::string& table : tables) text += "table " + table + '\n';
  text += checksum_line(text);
  return fs::replace_file(files, path,
                          {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

fs::Result<Inventory> Inventory::load(fs::FileSystem& files, const std::string& path) {
  const fs::Result<std::vector<std::uint8_t>> bytes = fs::read_file(files, path, kBytesMax);
  if (!bytes.ok()) return bytes.status();
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const std::size_t last = text.rfind("crc32c ");
  Inventory out;
  if (last == std::string_view::npos || checksum_line(text.substr(0, last)) != text.substr(last) ||
      !parse(text.substr(0, last), out)) {
    return fs::Status(EBADMSG, "read", path);
  }
  return out;
}

}  // namespace narthex::storage::tsdb
