// SPDX-License-Identifier: Apache-2.0
// result.hpp - failures as values. Status says whether something worked, Result<T> carries what it
// made. Both are [[nodiscard]]; neither throws. Codes are the ABI's nx_status, so that a failure
// crosses the border without translation.
#pragma once

#include <narthex/plugin.h>

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace narthex {

// OK, or a negative code and a message that says what was tried, on what, and why it failed.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(nx_status code, std::string message, std::uint32_t retry_after_ms = 0)
      : code_(code), retry_after_ms_(retry_after_ms), message_(std::move(message)) {}

  bool ok() const noexcept { return code_ >= 0; }
  nx_status code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  std::uint32_t retry_after_ms() const noexcept { return retry_after_ms_; }

  // Whether the same call may work later.
  bool retryable() const noexcept {
    return code_ == NX_ERR_EXHAUSTED || code_ == NX_ERR_UNAVAILABLE || code_ == NX_ERR_DEADLINE ||
           retry_after_ms_ != 0;
  }

  // The same failure with the place or the purpose in front: "prefix: message".
  Status with_prefix(std::string_view prefix) const {
    return ok() ? *this : Status(code_, std::string(prefix) + ": " + message_, retry_after_ms_);
  }

 private:
  nx_status code_ = NX_OK;
  std::uint32_t retry_after_ms_ = 0;
  std::string message_;
};

inline Status invalid_argument(std::string message) {
  return {NX_ERR_INVALID_ARGUMENT, std::move(message)};
}
inline Status invalid_config(std::string message) {
  return {NX_ERR_INVALID_CONFIG, std::move(message)};
}
inline Status invalid_data(std::string message) {
  return {NX_ERR_INVALID_DATA, std::move(message)};
}
inline Status not_found(std::string message) { return {NX_ERR_NOT_FOUND, std::move(message)}; }
inline Status unavailable(std::string message) { return {NX_ERR_UNAVAILABLE, std::move(message)}; }
inline Status io_error(std::string message) { return {NX_ERR_IO, std::move(message)}; }
inline Status internal_error(std::string message) { return {NX_ERR_INTERNAL, std::move(message)}; }

// A value, or the Status that says why there is none. Why: any type with ok() and an OK default.
template <class T, class Why = Status>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Why status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    assert(!status_.ok() && "an OK status is not a result");
  }

  bool ok() const noexcept { return value_.has_value(); }
  const Why& status() const noexcept { return status_; }

  // REQUIRES: ok().
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return *std::move(value_); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

  T value_or(T otherwise) && { return ok() ? *std::move(value_) : std::move(otherwise); }

 private:
  Why status_;
  std::optional<T> value_;
};

}  // namespace narthex
