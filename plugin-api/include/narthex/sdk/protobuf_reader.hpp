// SPDX-License-Identifier: Apache-2.0
// protobuf_reader.hpp - the fields of a protobuf message, one after the other, over memory that may
// hold anything: nothing throws, nothing is read beyond the message, a failure has its place.
// Source: protobuf.dev, "Encoding". A reader is a view; used by one thread.
//
//   Failure failure;
//   FieldReader fields(message, failure);
//   for (Field f; fields.next(f);) {
//     if (f.number == 1) value = fields.float64(f);
//   }
//   if (!failure.ok()) ... failure.at, failure.text
//
// Readers of inner messages take the same Failure: the first one stays, so looking once at the end
// is enough.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace narthex::sdk::protobuf {

enum class Wire : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// What is wrong and where. The text is static.
struct Failure {
  const char* at = nullptr;
  std::string_view text;
  bool ok() const { return at == nullptr; }
  bool set(const char* place, std::string_view what) {
    if (ok()) *this = {place, what};
    return false;
  }
};

// The byte after the varint at p, or nullptr when there is none of at most 64 bits.
inline const char* read_varint(const char* p, const char* end, std::uint64_t& out) noexcept {
  if (p == end) return nullptr;
  std::uint64_t value = static_cast<unsigned char>(*p++);
  if (value < 0x80) {
    out = value;
    return p;
  }
  value &= 0x7F;
  for (int shift = 7; shift < 70; shift += 7) {
    if (p == end) return nullptr;
    const std::uint64_t byte = static_cast<unsigned char>(*p++);
    if (shift == 63 && byte > 1) return nullptr;
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) {
      out = value;
      return p;
    }
  }
  return nullptr;
}

inline std::int64_t unzigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

struct Field {
  std::uint32_t number = 0;
  Wire wire = Wire::kVarint;
  const char* at = nullptr;  // of its tag
  std::uint64_t value = 0;   // of anything but bytes
  std::string_view bytes;

  double as_double() const { return std::bit_cast<double>(value); }
  std::int64_t as_signed() const { return unzigzag(value); }  // sint32, sint64
};

class FieldReader {
 public:
  FieldReader(std::string_view message, Failure& failure)
      : p_(message.data()), end_(p_ + message.size()), failure_(failure) {}

  // The next field; groups are skipped. False at the end of the message and on a failure.
  bool next(Field& out) {
    while (p_ != end_) {
      out.at = p_;
      std::uint64_t tag = static_cast<unsigned char>(*p_++);
      if (tag >= 0x80) {
        p_ = read_varint(out.at, end_, tag);
        if (p_ == nullptr || tag > UINT32_MAX) return fail(out.at, "bad field tag");
      }
      out.number = static_cast<std::uint32_t>(tag >> 3);
      if (out.number == 0) return fail(out.at, "field number 0");
      const auto wire = static_cast<std::uint32_t>(tag & 7);
      if (wire == 3) {
        if (!skip_group(out.at)) return false;
        continue;
      }
      out.wire = static_cast<Wire>(wire);
      return payload(out);
    }
    return false;
  }
  // The bytes of the next field, if its tag is the one byte `tag` and they are fewer than 128: a
  // short way through many small fields of one kind. False: nothing was read, ask next().
  bool next_short(char tag, std::string_view& out) {
    if (end_ - p_ < 2 || *p_ != tag) return false;
    const auto size = static_cast<unsigned char>(p_[1]);
    if (size >= 0x80 || size > end_ - p_ - 2) return false;
    out = {p_ + 2, size};
    p_ += 2 + size;
    return true;
  }

  // The value of a field. One that does not have the wire type it should is refused: 0, nothing.
  std::uint64_t varint(const Field& f) { return expect(f, Wire::kVarint) ? f.value : 0; }
  std::int64_t zigzag(const Field& f) { return expect(f, Wire::kVarint) ? f.as_signed() : 0; }
  std::uint64_t fixed64(const Field& f) { return expect(f, Wire::kFixed64) ? f.value : 0; }
  double float64(const Field& f) { return expect(f, Wire::kFixed64) ? f.as_double() : 0; }
  std::string_view bytes(const Field& f) {
    return expect(f, Wire::kBytes) ? f.bytes : std::string_view();
  }
  // Elements of an array, packed or one by one: both are valid, whatever the schema says.
  bool append_varints(const Field& field, std::vector<std::uint64_t>& out) {
    return append(field, out, [](std::uint64_t value) { return value; });
  }
  bool append_zigzags(const Field& field, std::vector<std::int64_t>& out) {
    return append(field, out, unzigzag);
  }
  // Doubles, fixed64.
  template <class T>
  bool append_fixed(const Field& field, std::vector<T>& out) {
    static_assert(sizeof(T) == 8);
    if (field.wire == Wire::kFixed64) {
      out.push_back(std::bit_cast<T>(field.value));
      return true;
    }
    if (!expect(field, Wire::kBytes)) return false;
    const std::size_t count = field.bytes.size() / sizeof(T);
    if (count * sizeof(T) != field.bytes.size()) {
      return fail(field.at, "a packed field ends within a number");
    }
    const std::size_t before = out.size();
    out.resize(before + count);
    if (count != 0) std::memcpy(out.data() + before, field.bytes.data(), field.bytes.size());
    return true;
  }

  // Refuses a field that does not have the wire type it should.
  bool expect(const Field& field, Wire wire) {
    return field.wire == wire || fail(field.at, "wrong wire type for a known field");
  }
  bool fail(const char* at, std::string_view text) {
    p_ = end_;
    return failure_.set(at, text);
  }
  const char* position() const { return p_; }

 private:
  [[gnu::always_inline]] bool payload(Field& out) {
    switch (out.wire) {
      case Wire::kVarint:
        p_ = read_varint(p_, end_, out.value);
        return p_ != nullptr || fail(out.at, "bad varint");
      case Wire::kFixed64:
        return fixed<std::uint64_t>(out);
      case Wire::kFixed32:
        return fixed<std::uint32_t>(out);
      case Wire::kBytes: {
        std::uint64_t size = 0;
        const char* const begin = read_varint(p_, end_, size);
        if (begin == nullptr) return fail(out.at, "bad length of a field");
        if (size > static_cast<std::uint64_t>(end_ - begin)) {
          return fail(out.at, "a field is longer than its message");
        }
        out.bytes = {begin, static_cast<std::size_t>(size)};
        p_ = begin + size;
        return true;
      }
    }
    return fail(out.at, "unknown wire type");
  }
  template <class T, class Convert>
  bool append(const Field& field, std::vector<T>& out, Convert convert) {
    if (field.wire == Wire::kVarint) {
      out.push_back(convert(field.value));
      return true;
    }
    if (!expect(field, Wire::kBytes)) return false;
    const char* p = field.bytes.data();
    const char* const end = p + field.bytes.size();
    const std::size_t before = out.size();
    out.resize(before + field.bytes.size());  // at most one a byte
    T* next = out.data() + before;
    while (p != end) {
      std::uint64_t value = 0;
      p = read_varint(p, end, value);
      if (p == nullptr) return fail(field.at, "bad varint in a packed field");
      *next++ = convert(value);
    }
    out.resize(static_cast<std::size_t>(next - out.data()));
    return true;
  }
  template <class T>
  bool fixed(Field& out) {
    if (static_cast<std::size_t>(end_ - p_) < sizeof(T)) {
      return fail(out.at, "the message ends within a number");
    }
    T value;
    std::memcpy(&value, p_, sizeof value);
    out.value = value;
    p_ += sizeof value;
    return true;
  }
  // Groups are of no use here but legal. Their nesting is counted, not followed.
  bool skip_group(const char* at) {
    for (std::uint64_t depth = 1; depth != 0;) {
      std::uint64_t tag = 0;
      p_ = read_varint(p_, end_, tag);
      if (p_ == nullptr) return fail(at, "a group is not closed");
      const auto wire = static_cast<std::uint32_t>(tag & 7);
      Field inner;
      inner.at = at;
      inner.wire = static_cast<Wire>(wire);
      if (wire == 3) {
        ++depth;
      } else if (wire == 4) {
        --depth;
      } else if (!payload(inner)) {
        return false;
      }
    }
    return true;
  }

  const char* p_;
  const char* end_;
  Failure& failure_;
};

}  // namespace narthex::sdk::protobuf
