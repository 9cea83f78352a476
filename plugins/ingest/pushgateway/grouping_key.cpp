// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/grouping_key.hpp"

#include <narthex/sdk/quote.hpp>

#include <cstdint>
#include <vector>

namespace narthex::ingest::pushgateway {
namespace {

constexpr std::string_view kBase64Suffix = "@base64";

std::string_view cut_segment(std::string_view& path) {
  const std::size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  return segment;
}

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

// RFC 4648, section 5; padding at the end is ignored. The message is that of Go's decoder.
Result<std::string> decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  const auto illegal = [](std::size_t at) {
    return invalid_argument("illegal base64 data at input byte " + std::to_string(at));
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int digit = digit_of(text[i]);
    if (digit < 0) return illegal(i);
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>(bits >> have & 0xFF);
    }
  }
  if (have == 6) return illegal(text.size() - 1);  // one digit is no byte
  return out;
}

Status read_label(std::string_view name, std::string_view value, NameRule rule, GroupingKey& key) {
  const bool encoded = name.ends_with(kBase64Suffix);
  if (encoded) name.remove_suffix(kBase64Suffix.size());
  const std::string label = rule == NameRule::kAnyUtf8 ? unescape_name(name) : std::string(name);
  if (!is_label_name(label, rule) || label.starts_with("__")) {
    return invalid_argument("improper label name " + sdk::quote(name));
  }
  if (!encoded) {
    key[label] = value;
    return {};
  }
  Result<std::string> decoded = decode_base64(value);
  if (!decoded.ok()) {
    return invalid_argument("invalid base64 encoding for label " + std::string(name) + "=" +
                            sdk::quote(value) + ": " + decoded.status().message());
  }
  key[label] = *std::move(decoded);
  return {};
}

Status read_labels(std::string_view labels, NameRule rule, GroupingKey& key) {
  std::vector<std::string_view> parts;
  for (std::string_view rest = labels;;) {
    const bool more = rest.find('/') != std::string_view::npos;
    parts.push_back(cut_segment(rest));
    if (!more) break;
  }
  if (parts.size() % 2 != 0) {
    return invalid_argument("odd number of components in label string " +
                            sdk::quote("/" + std::string(labels)));
  }
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    const Status read = read_label(parts[i], parts[i + 1], rule, key);
    if (!read.ok()) return read;
  }
  return {};
}

Status check_text(const GroupingKey& key) {
  for (const auto& [name, value] : key) {
    if (sdk::is_utf8(value)) continue;
    return invalid_argument("the label named " + sdk::quote(name) +
                            " has a value that is not utf8: " + sdk::quote(value));
  }
  return {};
}

}  // namespace

Result<GroupingKey> parse_grouping_key(std::string_view path, NameRule rule) {
  const std::string_view first = cut_segment(path);
  if (first != "job" && first != "job@base64") return not_found("404 page not found");
  std::string job(cut_segment(path));
  if (first != "job") {
    Result<std::string> decoded = decode_base64(job);
    if (!decoded.ok()) {
      return invalid_argument("invalid base64 encoding in job name " + sdk::quote(job) + ": " +
                              decoded.status().message());
    }
    job = *std::move(decoded);
  }
  GroupingKey key;
  if (!path.empty()) {
    const Status read = read_labels(path, rule, key);
    if (!read.ok()) return read;
  }
  if (job.empty()) return invalid_argument("job name is required");
  key["job"] = std::move(job);
  const Status text = check_text(key);
  if (!text.ok()) return text;
  return key;
}

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> kept;
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view segment = cut_segment(rest);
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
      continue;
    }
    kept.push_back(segment);
  }
  std::string out;
  for (const std::string_view segment : kept) (out += out.empty() ? "" : "/") += segment;
  if (path.ends_with('/') && !out.empty()) out += '/';
  return out;
}

}  // namespace narthex::ingest::pushgateway
