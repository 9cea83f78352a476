// SPDX-License-Identifier: Apache-2.0
#include "host/host_buffers.hpp"

#include <cstddef>
#include <new>

namespace narthex::host {
namespace {

constexpr std::size_t kAlign = 64;

struct HostBuffer : nx_buffer {
  std::atomic<std::uint32_t> references{1};
  std::shared_ptr<BufferAccount> account;
};
static_assert(sizeof(HostBuffer) <= 2 * kAlign);
constexpr std::size_t kHeader = 2 * kAlign;  // the content follows the struct in one allocation

HostBuffer* of(nx_buffer* buffer) { return static_cast<HostBuffer*>(buffer->priv); }

void retain(nx_buffer* buffer) { of(buffer)->references.fetch_add(1, std::memory_order_relaxed); }

void release(nx_buffer* buffer) {
  HostBuffer* self = of(buffer);
  if (self->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  self->account->count.fetch_sub(1, std::memory_order_relaxed);
  self->account->bytes.fetch_sub(self->size, std::memory_order_relaxed);
  self->~HostBuffer();
  ::operator delete (static_cast<void*>(self), std::align_val_t{kAlign});
}

}  // namespace

nx_buffer* make_host_buffer(const std::shared_ptr<BufferAccount>& account, std::uint64_t size,
                            void** writable) {
  if (size > BufferAccount::kBytesMax) return nullptr;
  const std::uint64_t before = account->bytes.fetch_add(size, std::memory_order_relaxed);
  void* memory = before + size <= BufferAccount::kBytesMax
                     ? ::operator new (kHeader + size, std::align_val_t{kAlign}, std::nothrow)
                     : nullptr;
  if (memory == nullptr) {
    account->bytes.fetch_sub(size, std::memory_order_relaxed);
    return nullptr;
  }
  account->count.fetch_add(1, std::memory_order_relaxed);
  auto* buffer = ::new (memory) HostBuffer;
  buffer->account = account;
  buffer->data = static_cast<std::byte*>(memory) + kHeader;
  buffer->size = size;
  buffer->retain = &retain;
  buffer->release = &release;
  buffer->priv = buffer;
  *writable = static_cast<std::byte*>(memory) + kHeader;
  return buffer;
}

}  // namespace narthex::host
