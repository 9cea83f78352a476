// SPDX-License-Identifier: Apache-2.0
// write_bench.hpp - the part of the bench about remote write requests.
#pragma once

namespace narthex {

void measure_remote_write();

}  // namespace narthex
