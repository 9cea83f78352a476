// SPDX-License-Identifier: Apache-2.0
// harness.hpp - the memory backend in the storage harness.
#pragma once

#include "storage/memory/database.hpp"
#include "tests/support/storage_harness.hpp"

namespace narthex::storage::memory::test {

using namespace storage::test;

class Harness : public StorageHarness<Database> {
 public:
  explicit Harness(Options options = {}) {
    backend = std::make_unique<Database>(
        options, Clocks{[this] { return now_ms; }, [this] { return mono_ns; }});
  }
};

}  // namespace narthex::storage::memory::test
