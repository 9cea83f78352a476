// SPDX-License-Identifier: Apache-2.0
// host_buffers.hpp - the buffers that the host makes for plugins, with an account per instance of
// what has not been released. Thread-safe.
#pragma once

#include <narthex/plugin.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace narthex::host {

struct BufferAccount {
  static constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 30;  // an instance
  std::atomic<std::uint64_t> count{0};
  std::atomic<std::uint64_t> bytes{0};
};

// A buffer of `size` bytes, aligned to 64, with one reference; null when over the limit or out of
// memory. The account outlives the buffer.
nx_buffer* make_host_buffer(const std::shared_ptr<BufferAccount>& account, std::uint64_t size,
                            void** writable);

}  // namespace narthex::host
