// SPDX-License-Identifier: Apache-2.0
#include "harness.hpp"

#include "tests/support/storage_twin.hpp"

#include <catch2/catch.hpp>

namespace narthex::storage::memory::test {
namespace {

TEST_CASE("the memory backend answers as its slow twin does", "[memory][twin]") {
  const std::uint32_t first_seed = Catch::rngSeed() != 0 ? Catch::rngSeed() : 20'261'124;
  for (std::uint32_t seed = first_seed; seed < first_seed + 12; ++seed) {
    INFO("seed " << seed);
    StorageTwin<Harness> twin(seed);
    for (int i = 0; i < 700; ++i) twin.step();
    twin.compare();
  }
}

}  // namespace
}  // namespace narthex::storage::memory::test
