// SPDX-License-Identifier: Apache-2.0
// buffer.hpp - counted immutable memory (nx_buffer) in C++: a reference that releases itself, and a
// buffer that owns a std::string. Thread-safe as nx_buffer is.
#pragma once

#include <narthex/plugin.h>
#include <narthex/sdk/text.hpp>

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

namespace narthex {

// One reference to an nx_buffer, or none.
class BufferRef {
 public:
  BufferRef() = default;
  // Takes over a reference that the caller holds.
  static BufferRef adopt(nx_buffer* buffer) noexcept { return BufferRef(buffer); }
  // Adds a reference of its own.
  static BufferRef share(nx_buffer* buffer) noexcept {
    if (buffer != nullptr) buffer->retain(buffer);
    return BufferRef(buffer);
  }
  BufferRef(const BufferRef& other) noexcept : BufferRef(share(other.buffer_)) {}
  BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~BufferRef() {
    if (buffer_ != nullptr) buffer_->release(buffer_);
  }

  explicit operator bool() const noexcept { return buffer_ != nullptr; }
  nx_buffer* get() const noexcept { return buffer_; }
  std::string_view text() const noexcept {
    return buffer_ != nullptr ? view(*buffer_) : std::string_view();
  }

 private:
  explicit BufferRef(nx_buffer* buffer) noexcept : buffer_(buffer) {}
  nx_buffer* buffer_ = nullptr;
};

// A buffer over the bytes of a string that it takes over.
inline BufferRef make_buffer(std::string text) {
  struct Owned : nx_buffer {
    std::string text;
    std::atomic<int> references{1};
  };
  auto* owned = new Owned;  // released by its last reference
  owned->text = std::move(text);
  owned->data = owned->text.data();
  owned->size = owned->text.size();
  owned->priv = owned;
  owned->retain = [](nx_buffer* self) {
    static_cast<Owned*>(self->priv)->references.fetch_add(1, std::memory_order_relaxed);
  };
  owned->release = [](nx_buffer* self) {
    auto* o = static_cast<Owned*>(self->priv);
    if (o->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete o;
  };
  return BufferRef::adopt(owned);
}

}  // namespace narthex
