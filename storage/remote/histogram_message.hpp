// SPDX-License-Identifier: Apache-2.0
// histogram_message.hpp - prometheus.Histogram as remote read sends it. Pure.
#pragma once

#include <narthex/data.h>

#include <protozero/data_view.hpp>

#include <cstdint>
#include <memory_resource>

namespace narthex::storage::remote {

// Arrays are made in `memory`. Throws protozero's exceptions on bytes that are no protobuf, and
// when spans and buckets do not belong together.
nx_histogram read_histogram(protozero::data_view message, std::int64_t& t,
                            std::pmr::memory_resource& memory);

}  // namespace narthex::storage::remote
