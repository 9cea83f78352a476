// SPDX-License-Identifier: Apache-2.0
// guard.hpp - the plugin's half of the border: nothing thrown leaves it, and calls into the host
// come back as Status.
#pragma once

#include <narthex/sdk/result.hpp>
#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <type_traits>

namespace narthex::sdk {

// An exception with a status; the guard turns it into what the host sees.
class Error : public std::exception {
 public:
  explicit Error(Status status) : status_(std::move(status)) {}
  Error(nx_status code, std::string text, std::uint32_t retry_after_ms = 0)
      : status_(code, std::move(text), retry_after_ms) {}
  const char* what() const noexcept override { return status_.message().c_str(); }
  const Status& status() const noexcept { return status_; }

 private:
  Status status_;
};

// Fills err, where there is one, and returns code.
inline nx_status fail(nx_error* err, nx_status code, std::string_view text,
                      std::uint32_t retry_after_ms = 0) noexcept {
  if (NX_HAS(err, nx_error, text)) {
    std::size_t size = std::min<std::size_t>(text.size(), NX_ERROR_TEXT);
    // Cut at a character border: continuation bytes of UTF-8 are 10xxxxxx.
    while (size > 0 && size < text.size() && (text[size] & 0xC0) == 0x80) --size;
    if (size > 0) std::memcpy(err->text, text.data(), size);
    err->text_len = static_cast<std::uint32_t>(size);
    err->code = code;
    err->flags = retry_after_ms != 0 ? static_cast<std::uint32_t>(NX_ERROR_RETRYABLE) : 0u;
    err->retry_after_ms = retry_after_ms;
  }
  return code;
}

inline nx_status fail(nx_error* err, const Status& status) noexcept {
  return fail(err, status.code(), status.message(), status.retry_after_ms());
}

// Runs f and answers as the ABI does. f returns void, nx_status or Status.
template <class F>
nx_status guard(nx_error* err, F&& f) noexcept {
  try {
    using R = std::invoke_result_t<F>;
    if constexpr (std::is_same_v<R, nx_status>) {
      return f();
    } else if constexpr (std::is_same_v<R, Status>) {
      const Status status = f();
      return status.code() == NX_OK ? NX_OK : fail(err, status);
    } else {
      f();
      return NX_OK;
    }
  } catch (const Error& e) {
    return fail(err, e.status());
  } catch (const std::bad_alloc&) {
    return fail(err, NX_ERR_NO_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return fail(err, NX_ERR_INTERNAL, e.what());
  } catch (...) {
    return fail(err, NX_ERR_INTERNAL, "an exception of unknown type");
  }
}

// An nx_error on the stack, ready to be passed on.
struct ErrorSlot : nx_error {
  ErrorSlot() noexcept { reset(); }
  void reset() noexcept {
    struct_size = sizeof(nx_error);
    code = NX_OK;
    flags = 0;
    retry_after_ms = 0;
    text_len = 0;
    reserved0 = 0;
  }
  // What the callee said. A callee that returned an error without filling it in gets a text of
  // ours.
  Status status(nx_status returned) const {
    if (returned >= 0) return Status();
    if (code != returned) return {returned, "failed with status " + std::to_string(returned)};
    const std::uint32_t len = std::min<std::uint32_t>(text_len, NX_ERROR_TEXT);
    return {returned, std::string(text, len), retry_after_ms};
  }
  void check(nx_status returned) const {
    if (returned < 0) throw Error(status(returned));
  }
};

}  // namespace narthex::sdk
