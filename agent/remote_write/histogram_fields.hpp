// SPDX-License-Identifier: Apache-2.0
// histogram_fields.hpp - the fields of a Histogram message, the same in both versions of remote
// write. Pure.
#pragma once

#include <narthex/data.h>

#include <protozero/pbf_writer.hpp>

#include <cstdint>

namespace narthex::remote_write {

// start 0: unknown, and left out.
void write_histogram_fields(protozero::pbf_writer& out, const nx_histogram& h, std::int64_t t,
                            std::int64_t start);

}  // namespace narthex::remote_write
