// SPDX-License-Identifier: Apache-2.0
// histogram_message.hpp - one native histogram of a request, from protobuf to nx_histogram. Its
// arrays come from the given memory, which outlives the result.
#pragma once

#include <narthex/data.h>

#include <cstdint>
#include <memory_resource>
#include <string_view>

namespace narthex::ingest::remote_write {

struct HistogramMessage {
  nx_histogram histogram{};
  std::int64_t t = 0;
  std::int64_t start = 0;  // 0: unknown
};

// Throws protozero's exceptions on bytes that are no protobuf. Whether the histogram makes sense is
// the storage's to say.
HistogramMessage parse_histogram(std::string_view message, std::pmr::memory_resource& memory);

}  // namespace narthex::ingest::remote_write
