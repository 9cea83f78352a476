// SPDX-License-Identifier: Apache-2.0
// wire.hpp - numbers and texts as bytes, between the agent and the process of a plugin: one
// machine, one program, so numbers go as they lie in memory. The reader trusts nothing: after the
// first thing that is not there it gives zeros and empty texts, and ok() says so. Pure.
#pragma once

#include <narthex/sdk/text.hpp>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace narthex::host {

class WireWriter {
 public:
  explicit WireWriter(std::string& out) : out_(out) {}

  template <class T>
  requires std::is_arithmetic_v<T>
  void number(T value) { out_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void text(std::string_view value) {
    number(static_cast<std::uint64_t>(value.size()));
    out_ += value;
  }
  void text(nx_str value) { text(view(value)); }
  // A count and the numbers; a missing array is one without any.
  template <class T>
  void numbers(const T* values, std::uint64_t count) {
    if (values == nullptr) count = 0;
    number(count);
    if (count != 0) out_.append(reinterpret_cast<const char*>(values), count * sizeof(T));
  }
  std::string& bytes() { return out_; }

 private:
  std::string& out_;
};

class WireReader {
 public:
  // Texts that are read look into these bytes.
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  template <class T>
  T number() {
    T value{};
    const std::string_view bytes = take(sizeof value);
    if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string_view text() { return take(number<std::uint64_t>()); }
  nx_str str() { return to_nx(text()); }
  // How many elements follow that take at least `least_bytes` each.
  std::uint64_t count(std::size_t least_bytes) {
    const auto value = number<std::uint64_t>();
    if (value <= rest_.size() / least_bytes) return value;
    fail();
    return 0;
  }
  // Copied, so that they lie as their type wants; the second form reuses memory.
  template <class T>
  std::vector<T> numbers() {
    std::vector<T> values;
    numbers(values);
    return values;
  }
  template <class T>
  void numbers(std::vector<T>& values) {
    values.resize(count(sizeof(T)));
    const std::string_view bytes = take(values.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace narthex::host
