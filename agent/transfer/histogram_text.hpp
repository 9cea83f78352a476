// SPDX-License-Identifier: Apache-2.0
// histogram_text.hpp - a native histogram as one line for people, laid out as Prometheus does:
// {count:12, sum:18.4, (1,2]:4}. Buckets ascend, empty ones are left out. Pure.
#pragma once

#include <narthex/data.h>

#include <string>

namespace narthex::transfer {

void append_histogram_text(std::string& out, const nx_histogram& histogram);

}  // namespace narthex::transfer
