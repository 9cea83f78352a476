// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/dns/dns_answer.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace narthex::dns_discovery {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kNameBytesMax = 255;

using Bytes = std::span<const std::uint8_t>;

// Walks a message; every read says whether it was within it.
class Reader {
 public:
  explicit Reader(Bytes message) : message_(message) {}

  bool skip(std::size_t size) {
    if (size > message_.size() - at_) return false;
    at_ += size;
    return true;
  }
  bool number16(std::uint16_t& out) {
    if (message_.size() - at_ < 2) return false;
    out = static_cast<std::uint16_t>(message_[at_] << 8 | message_[at_ + 1]);
    at_ += 2;
    return true;
  }
  std::size_t at() const { return at_; }
  void go_to(std::size_t at) { at_ = at; }

  // A name as text with its final dot: "web.example.org.".
  std::optional<std::string> name() {
    std::string text;
    std::size_t at = at_;
    std::size_t wire_bytes = 0;
    std::optional<std::size_t> behind;  // where reading goes on after the first pointer
    while (at < message_.size()) {
      const std::uint8_t size = message_[at];
      if ((size & 0xC0) == 0xC0) {
        if (at + 1 >= message_.size()) return std::nullopt;
        const std::size_t to = (size & 0x3Fu) << 8 | message_[at + 1];
        if (!behind) behind = at + 2;
        if (to >= at) return std::nullopt;  // only backwards, so it ends
        at = to;
        continue;
      }
      if ((size & 0xC0) != 0) return std::nullopt;
      if (size == 0) {
        at_ = behind.value_or(at + 1);
        return text.empty() ? "." : text;
      }
      wire_bytes += size + 1u;
      if (wire_bytes > kNameBytesMax || message_.size() - at - 1 < size) return std::nullopt;
      append_label(text, message_.subspan(at + 1, size));
      at += size + 1u;
    }
    return std::nullopt;
  }

 private:
  static void append_label(std::string& text, Bytes label) {
    constexpr std::string_view kSpecial = ".'@;()\"\\ ";
    for (const std::uint8_t byte : label) {
      const char c = static_cast<char>(byte);
      if (byte < ' ' || byte > '~') {
        const std::string digits = std::to_string(1000 + byte);
        text += '\\' + digits.substr(1);
      } else {
        if (kSpecial.find(c) != std::string_view::npos) text += '\\';
        text += c;
      }
    }
    text += '.';
  }

  Bytes message_;
  std::size_t at_ = 0;
};

std::optional<std::string> address(int family, Bytes data) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (data.size() != (family == AF_INET ? 4u : 16u)) return std::nullopt;
  if (inet_ntop(family, data.data(), text.data(), text.size()) == nullptr) return std::nullopt;
  return std::string(text.data());
}

// What stands in a record: false when it is broken; `out` is empty when it is of no interest.
bool read_data(Reader& reader, Bytes data, std::uint16_t type, std::optional<Record>& out) {
  Record record{static_cast<RecordType>(type), {}, 0};
  std::optional<std::string> target;
  switch (record.type) {
    case RecordType::kA:
      target = address(AF_INET, data);
      break;
    case RecordType::kAaaa:
      target = address(AF_INET6, data);
      break;
    case RecordType::kNs:
      target = reader.name();
      break;
    case RecordType::kMx:
      if (reader.skip(2)) target = reader.name();
      break;
    case RecordType::kSrv:
      if (reader.skip(4) && reader.number16(record.port)) target = reader.name();
      break;
    default:
      return true;
  }
  if (!target) return false;
  record.target = *std::move(target);
  out = std::move(record);
  return true;
}

Status broken() { return invalid_data("the DNS answer is malformed"); }

}  // namespace

Result<std::vector<Record>> read_answer(Bytes message) {
  Reader reader(message);
  std::uint16_t questions = 0;
  std::uint16_t answers = 0;
  if (!reader.skip(4) || !reader.number16(questions) || !reader.number16(answers)) return broken();
  reader.go_to(kHeaderBytes);
  if (message.size() < kHeaderBytes) return broken();
  for (; questions > 0; --questions) {
    if (!reader.name() || !reader.skip(4)) return broken();
  }
  std::vector<Record> records;
  for (; answers > 0; --answers) {
    std::uint16_t type = 0;
    std::uint16_t size = 0;
    const bool head =
        reader.name() && reader.number16(type) && reader.skip(6) && reader.number16(size);
    const std::size_t begin = reader.at();
    if (!head || !reader.skip(size)) return broken();
    // Names in the data may point to what stands before it, so it is read within the message, but
    // not behind its own end.
    Reader inside(message.first(begin + size));
    inside.go_to(begin);
    std::optional<Record> record;
    if (!read_data(inside, message.subspan(begin, size), type, record)) return broken();
    if (record) records.push_back(*std::move(record));
  }
  return records;
}

}  // namespace narthex::dns_discovery
