// SPDX-License-Identifier: Apache-2.0
#include "app.hpp"
#include "cli/cli.hpp"

#include <malloc.h>

namespace {

// Samples are held for hours in blocks of some KiB that all threads allocate in turn, and bodies of
// some 100 KiB come and go with each scrape. One arena that grows in large steps serves both; glibc
// would give each thread an arena that grows page by page (a tenth of a scrape's CPU time), and
// map each body anew.
void tune_allocator() {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TOP_PAD, 1 << 20);
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

}  // namespace

int main(int argc, char** argv) {
  tune_allocator();
  return narthex::cli::run(argc, argv, &narthex::serve);
}
