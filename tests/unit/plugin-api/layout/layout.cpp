// SPDX-License-Identifier: Apache-2.0
// The same assertions, seen from C++.
#include "layout.c"
