// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/content.hpp"

#include <algorithm>

namespace narthex::ingest::remote_write {
namespace {

constexpr std::string_view kMediaType = "application/x-protobuf";

Status unsupported(std::string text) { return {NX_ERR_UNSUPPORTED, std::move(text)}; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Cuts what stands before the next separator off the front of text.
std::string_view cut(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view front = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return front;
}

Result<Version> version_of(std::string_view proto, std::string_view content_type) {
  if (proto == kMessageV1) return Version::kV1;
  if (proto == kMessageV2) return Version::kV2;
  return unsupported("got " + std::string(content_type) + " content type; unknown remote write " +
                     "protobuf message " + std::string(proto) +
                     ", supported: " + std::string(kMessageV1) + ", " + std::string(kMessageV2));
}

Result<Version> check_type(std::string_view content_type) {
  content_type = trim(content_type);
  if (content_type.empty()) return Version::kV1;
  std::string_view rest = content_type;
  if (trim(cut(rest, ';')) != kMediaType) {
    return unsupported("expected " + std::string(kMediaType) + " as the first (media) part, got " +
                       std::string(content_type) + " content-type");
  }
  while (!rest.empty()) {
    std::string_view value = cut(rest, ';');
    const std::string_view parameter = value;
    const std::string_view name = trim(cut(value, '='));
    if (parameter.find('=') == std::string_view::npos) {
      return unsupported("expected parameters to be key-values, got " + std::string(parameter) +
                         " in " + std::string(content_type) + " content-type");
    }
    if (name == "proto") return version_of(trim(value), content_type);
  }
  return Version::kV1;
}

}  // namespace

Result<Version> check_content(std::string_view content_type, std::string_view content_encoding,
                              const std::vector<std::string>& accepted) {
  Result<Version> version = check_type(content_type);
  if (!version.ok()) return version;
  const std::string_view message = *version == Version::kV2 ? kMessageV2 : kMessageV1;
  if (std::find(accepted.begin(), accepted.end(), message) == accepted.end()) {
    std::string all;
    for (const std::string& each : accepted) all += (all.empty() ? "" : ", ") + each;
    return unsupported(std::string(message) +
                       " protobuf message is not accepted by this server; accepted " + all);
  }
  if (content_encoding.empty() || content_encoding == "snappy") return version;
  return unsupported(std::string(content_encoding) +
                     " encoding (compression) is not accepted by this server; only snappy is "
                     "acceptable");
}

}  // namespace narthex::ingest::remote_write
