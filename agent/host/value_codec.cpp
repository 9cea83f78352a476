// SPDX-License-Identifier: Apache-2.0
#include "host/value_codec.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

namespace narthex::host {
namespace {

static_assert(std::endian::native == std::endian::little, "integers are copied as they are");

constexpr std::string_view kMagic = "NXS1";
constexpr int kDepthMax = 64;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}

std::uint32_t crc32(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = make_crc_table();
  std::uint32_t crc = ~0u;
  for (const char c : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 255] ^ (crc >> 8);
  return ~crc;
}

template <class T>
void put(std::string& out, T number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof number);
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

bool put_node(std::string& out, const nx_value& value, int depth) {
  if (depth > kDepthMax) return false;
  put(out, value.type);
  put(out, value.flags);
  switch (value.type) {
    case NX_NULL:
      return true;
    case NX_STRING:
      put_text(out, sdk::Value(&value).get<std::string_view>());
      return true;
    case NX_ARRAY:
      put(out, value.len);
      for (const nx_value& item : sdk::Value(&value).items()) {
        if (!put_node(out, item, depth + 1)) return false;
      }
      return true;
    case NX_TABLE:
      put(out, value.len);
      for (const nx_kv& entry : sdk::Value(&value).entries()) {
        put_text(out, view(entry.key));
        if (!put_node(out, entry.value, depth + 1)) return false;
      }
      return true;
    default:
      put(out, value.u.i);  // a double's bits as well
      return true;
  }
}

class Decoder {
 public:
  Decoder(std::string_view bytes, sdk::TreeArena& arena) : rest_(bytes), arena_(arena) {}

  std::optional<nx_value> node(int depth) {
    const auto type = number<std::uint8_t>();
    const auto flags = number<std::uint8_t>();
    if (!type || !flags || *type > NX_TABLE || depth > kDepthMax) return std::nullopt;
    std::optional<nx_value> made = payload(*type, depth);
    if (made) made->flags = *flags;
    return made;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  template <class T>
  std::optional<T> number() {
    if (rest_.size() < sizeof(T)) return std::nullopt;
    T n;
    std::memcpy(&n, rest_.data(), sizeof n);
    rest_.remove_prefix(sizeof n);
    return n;
  }

  std::optional<std::string_view> text() {
    const auto size = number<std::uint32_t>();
    if (!size || rest_.size() < *size) return std::nullopt;
    const std::string_view content = rest_.substr(0, *size);
    rest_.remove_prefix(*size);
    return content;
  }

  std::optional<nx_value> payload(std::uint8_t type, int depth) {
    if (type == NX_NULL) return nx_value{};
    if (type == NX_STRING) {
      const auto content = text();
      return content ? std::optional(arena_.string(*content)) : std::nullopt;
    }
    if (type == NX_ARRAY) return array(depth);
    if (type == NX_TABLE) return table(depth);
    const auto bits = number<std::int64_t>();
    if (!bits) return std::nullopt;
    nx_value made{};
    made.type = type;
    made.u.i = *bits;
    return made;
  }

  std::optional<nx_value> array(int depth) {
    const auto count = number<std::uint32_t>();
    // Every node takes two bytes at least: a count that cannot be met costs no memory.
    if (!count || *count > rest_.size() / 2) return std::nullopt;
    std::vector<nx_value> items;
    for (std::uint32_t i = 0; i < *count; ++i) {
      const auto item = node(depth + 1);
      if (!item) return std::nullopt;
      items.push_back(*item);
    }
    return arena_.array(items);
  }

  std::optional<nx_value> table(int depth) {
    const auto count = number<std::uint32_t>();
    if (!count || *count > rest_.size() / 6) return std::nullopt;
    std::vector<nx_kv> entries;
    for (std::uint32_t i = 0; i < *count; ++i) {
      const auto key = text();
      const auto value = key ? node(depth + 1) : std::nullopt;
      if (!value) return std::nullopt;
      entries.push_back(arena_.entry(*key, *value));
    }
    return arena_.table(entries);
  }

  std::string_view rest_;
  sdk::TreeArena& arena_;
};

}  // namespace

Result<std::string> encode_value(const nx_value& value) {
  std::string body;
  if (!put_node(body, value, 0)) return invalid_argument("a value has more than 64 levels");
  std::string out(kMagic);
  put(out, crc32(body));
  return out + body;
}

Result<nx_value> decode_value(std::string_view bytes, sdk::TreeArena& arena) {
  constexpr std::size_t kHeader = 8;
  const Status damaged(NX_ERR_CORRUPT, "a stored value is damaged");
  if (bytes.size() < kHeader || !bytes.starts_with(kMagic)) return damaged;
  std::uint32_t crc = 0;
  std::memcpy(&crc, bytes.data() + kMagic.size(), sizeof crc);
  if (crc != crc32(bytes.substr(kHeader))) return damaged;
  Decoder decoder(bytes.substr(kHeader), arena);
  const std::optional<nx_value> made = decoder.node(0);
  if (!made || !decoder.at_end()) return damaged;
  return *made;
}

}  // namespace narthex::host
