/* SPDX-License-Identifier: Apache-2.0
 * Does not compile when the layout of a struct has changed. Compiled as C99 and as C++
 * (layout.cpp), with -Wpadded: no struct has bytes that are nobody's. */
#include "all.c"

#define NX_SIZE(type, size) typedef char nx_size_of_##type[sizeof(type) == (size) ? 1 : -1];
#define NX_OFFSET(type, field, at) \
  typedef char nx_offset_of_##type##_##field[offsetof(type, field) == (at) ? 1 : -1];

#include "abi_0_1.h"
