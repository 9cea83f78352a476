// SPDX-License-Identifier: Apache-2.0
#include "storage/checksum/crc32c.hpp"

#include <catch2/catch.hpp>

#include <string_view>
#include <vector>

namespace narthex::storage {

TEST_CASE("CRC-32C has the check value of its catalogue", "[checksum]") {
  const std::string_view check = "123456789";
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(check.data()), check.size());
  CHECK(crc32c(bytes) == 0xE3069283);
  CHECK(portable_crc32c(bytes) == 0xE3069283);
  const std::vector<std::uint8_t> longer(1001, 0x5A);
  CHECK(crc32c(longer) == portable_crc32c(longer));
}

TEST_CASE("a checksum goes on where another ended", "[checksum]") {
  std::vector<std::uint8_t> bytes(300);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  const std::span all(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    REQUIRE(crc32c(all.subspan(cut), crc32c(all.first(cut))) == crc32c(all));
    REQUIRE(portable_crc32c(all.subspan(cut), portable_crc32c(all.first(cut))) == crc32c(all));
  }
}

}  // namespace narthex::storage
