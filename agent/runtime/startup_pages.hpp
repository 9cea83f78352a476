// SPDX-License-Identifier: Apache-2.0
// startup_pages.hpp - gives back the pages of code that only starting needed.
#pragma once

#include <cstddef>

namespace narthex::runtime {

// Lets go of the pages of the program's and its libraries' code and constants: those that are used
// come back from the page cache, a few microseconds each. Starting a process touches most of what
// it is linked with (relocations, self tests of libcrypto, parsers of configurations), and the
// kernel maps sixteen pages where one is touched, so that half of an idle agent's memory was such
// pages. What was written to (a breakpoint, a patch) stays. Returns the bytes given back.
// Thread-safe.
std::size_t release_startup_pages();

}  // namespace narthex::runtime
