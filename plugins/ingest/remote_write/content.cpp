// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/content.hpp"

#include <string>

namespace narthex::ingest::remote_write {
namespace {

constexpr std::string_view kMediaType = "application/x-protobuf";
constexpr std::string_view kVersion1 = "prometheus.WriteRequest";
constexpr std::string_view kVersion2 = "io.prometheus.write.v2.Request";

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

Status check_message(std::string_view proto, std::string_view content_type) {
  if (proto == kVersion1) return Status();
  if (proto == kVersion2) {
    return unsupported(std::string(kVersion2) +
                       " protobuf message is not accepted by this server; accepted " +
                       std::string(kVersion1));
  }
  return unsupported("got " + std::string(content_type) + " content type; unknown remote write " +
                     "protobuf message " + std::string(proto) + ", supported: " +
                     std::string(kVersion1));
}

Status check_type(std::string_view content_type) {
  content_type = trim(content_type);
  if (content_type.empty()) return Status();
  std::string_view rest = content_type;
  if (trim(cut(rest, ';')) != kMediaType) {
    return unsupported("expected " + std::string(kMediaType) +
                       " as the first (media) part, got " + std::string(content_type) +
                       " content-type");
  }
  while (!rest.empty()) {
    std::string_view value = cut(rest, ';');
    const std::string_view parameter = value;
    const std::string_view name = trim(cut(value, '='));
    if (parameter.find('=') == std::string_view::npos) {
      return unsupported("expected parameters to be key-values, got " + std::string(parameter) +
                         " in " + std::string(content_type) + " content-type");
    }
    if (name == "proto") return check_message(trim(value), content_type);
  }
  return Status();
}

}  // namespace

Status check_content(std::string_view content_type, std::string_view content_encoding) {
  const Status type = check_type(content_type);
  if (!type.ok() || content_encoding.empty() || content_encoding == "snappy") return type;
  return unsupported(std::string(content_encoding) +
                     " encoding (compression) is not accepted by this server; only snappy is "
                     "acceptable");
}

}  // namespace narthex::ingest::remote_write
