// SPDX-License-Identifier: Apache-2.0
// Chunks that come and go in any order keep their bytes.
#include "storage/head/chunk_memory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace narthex::storage::head {
namespace {

struct Held {
  unsigned char* at;
  std::size_t size;
  unsigned char filled;
};

bool is_whole(const Held& held) {
  return std::all_of(held.at, held.at + held.size,
                     [&](unsigned char b) { return b == held.filled; });
}

}  // namespace

TEST_CASE("chunks keep their bytes, whatever goes before and behind them", "[memory][chunk]") {
  std::mt19937 random(3);
  std::vector<Held> all;
  for (int round = 0; round < 20'000; ++round) {
    if (random() % 100 < 55 || all.empty()) {
      const std::size_t size = 1 + random() % (random() % 50 == 0 ? kChunkBytesMax : 300);
      auto* at = static_cast<unsigned char*>(allocate_chunk(size));
      CHECK(reinterpret_cast<std::uintptr_t>(at) % 8 == 0);
      all.push_back({at, size, static_cast<unsigned char>(random())});
      std::memset(at, all.back().filled, size);
      continue;
    }
    // Mostly the oldest go, as after a flush.
    const std::size_t which = random() % 4 == 0 ? random() % all.size() : 0;
    REQUIRE(is_whole(all[which]));
    free_chunk(all[which].at);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(which));
  }
  for (const Held& held : all) {
    REQUIRE(is_whole(held));
    free_chunk(held.at);
  }
}

TEST_CASE("freeing nothing is fine", "[memory][chunk]") { free_chunk(nullptr); }

}  // namespace narthex::storage::head
