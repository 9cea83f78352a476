// SPDX-License-Identifier: Apache-2.0
// Blocks of large columns: apart from each other, reused, and given back to the system.
#include "promql/block_memory.hpp"

#include "unit/promql/run_query.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <limits>
#include <random>
#include <thread>
#include <vector>

using namespace narthex;
using promql::BlockMemory;

namespace {

constexpr std::size_t kMebi = std::size_t{1} << 20;

struct Block {
  unsigned char* memory;
  std::size_t bytes;
  unsigned char mark;  // all over it
};

bool is_whole(const Block& block) {
  return block.memory[0] == block.mark &&
         std::memcmp(block.memory, block.memory + 1, block.bytes - 1) == 0;
}

// Takes and gives blocks of all sizes in a random order.
void exercise(BlockMemory& memory, unsigned seed, bool& whole) {
  std::mt19937 random(seed);
  std::vector<Block> blocks;
  const auto give = [&](std::size_t at) {
    whole = whole && is_whole(blocks[at]);
    memory.give(blocks[at].memory, blocks[at].bytes);
    blocks[at] = blocks.back();
    blocks.pop_back();
  };
  for (int round = 0; round < 2000; ++round) {
    if (blocks.size() > 40 || (!blocks.empty() && random() % 3 == 0)) {
      give(random() % blocks.size());
      continue;
    }
    const std::size_t most = random() % 50 == 0 ? 6 * kMebi : 300'000;
    const std::size_t bytes = BlockMemory::kLeastBytes + random() % most;
    auto* const block = static_cast<unsigned char*>(memory.take(bytes));
    blocks.push_back({block, bytes, static_cast<unsigned char>(random())});
    std::memset(block, blocks.back().mark, bytes);
  }
  while (!blocks.empty()) give(0);
}

}  // namespace

TEST_CASE("blocks never share a byte, and all but one region goes when they have gone",
          "[promql]") {
  BlockMemory memory;
  for (unsigned seed = 1; seed <= 5; ++seed) {
    bool whole = true;
    exercise(memory, seed, whole);
    CHECK(whole);
    CHECK(memory.mapped_bytes() == 8 * kMebi);
  }
}

TEST_CASE("blocks are taken and given by several threads", "[promql]") {
  BlockMemory memory;
  bool whole[3] = {true, true, true};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 3; ++i) {
    threads.emplace_back([&memory, i, &mine = whole[i]] { exercise(memory, 100 + i, mine); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK((whole[0] && whole[1] && whole[2]));
  CHECK(memory.mapped_bytes() == 8 * kMebi);
}

TEST_CASE("blocks stand side by side, in pages, and what is free is taken again", "[promql]") {
  BlockMemory memory;
  constexpr std::size_t kBytes = 100'000;
  std::vector<void*> blocks;
  for (int i = 0; i < 80; ++i) blocks.push_back(memory.take(kBytes));
  CHECK(memory.mapped_bytes() == 8 * kMebi);  // 80 times 25 pages of 2,048
  for (int i = 0; i < 80; i += 2) memory.give(blocks[static_cast<std::size_t>(i)], kBytes);
  for (int i = 0; i < 80; i += 2) blocks[static_cast<std::size_t>(i)] = memory.take(kBytes);
  CHECK(memory.mapped_bytes() == 8 * kMebi);
  blocks.push_back(memory.take(2 * kMebi));
  CHECK(memory.mapped_bytes() == 16 * kMebi);
  memory.give(blocks.back(), 2 * kMebi);
  blocks.pop_back();
  void* const large = memory.take(5 * kMebi);  // a mapping of its own, in huge pages
  CHECK(memory.mapped_bytes() == (16 + 6) * kMebi);
  memory.give(large, 5 * kMebi);
  for (void* block : blocks) memory.give(block, kBytes);
  CHECK(memory.mapped_bytes() == 8 * kMebi);
  CHECK_THROWS_AS(memory.take(SIZE_MAX / 4 * 3), std::bad_alloc);
}

TEST_CASE("an aggregation of many groups holds little more than its result", "[promql]") {
  constexpr std::size_t kSeries = 3000;
  constexpr std::size_t kSteps = 200;
  auto source = test::series_alike(kSeries, kSteps);
  promql::RunOptions options;
  options.end_ms = (kSteps - 1) * 1000;
  options.step_ms = 1000;
  const auto peak_of = [&](const char* text, std::size_t series, std::size_t columns_max) {
    options.memory = std::make_shared<promql::MemoryMeter>();
    const auto query = promql::Query::parse(text, test::promql_functions(), {});
    const promql::QueryResult result = query->run(source, options);
    REQUIRE(result.series.size() == series);
    CHECK(result.columns.size() <= columns_max);
    return options.memory->peak();
  };
  const std::uint64_t of_reading = peak_of("sum(m)", 1, 2);
  for (const char* text : {"sum by (s) (m)", "max by (s) (m)", "count by (s) (m)"}) {
    INFO(text);
    // A value, a byte for what was seen, and the presence of the result, each as often as it is
    // there at once; ten batches keep their columns.
    CHECK(peak_of(text, kSeries, 11) - of_reading < kSeries * kSteps * (8 + 2) * 5 / 4);
  }
}

TEST_CASE("groups of one series have the sums of those with more", "[promql]") {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  test::MemorySource source;
  source.add(test::labels({{"__name__", "m"}, {"s", "a"}}), {{0, -0.0}, {1000, kInf}});
  source.add(test::labels({{"__name__", "m"}, {"s", "b"}}), {{1000, -kInf}, {2000, 0.1}});
  source.add(test::labels({{"__name__", "m"}, {"s", "c"}, {"t", "1"}}), {{0, 1e16}, {1000, 1}});
  source.add(test::labels({{"__name__", "m"}, {"s", "c"}, {"t", "2"}}), {{0, 1}, {2000, 2}});
  source.add(test::labels({{"__name__", "m"}, {"s", "c"}, {"t", "3"}}), {{0, -1e16}});
  promql::RunOptions options;
  options.end_ms = 2000;
  options.step_ms = 1000;
  options.lookback_ms = 1000;
  CHECK(test::run_query(source, "sum by (s) (m)", options).lines ==
        test::Outcome::Lines{"{s=\"a\"} 0@0 +Inf@1000", "{s=\"b\"} -Inf@1000 0.1@2000",
                             "{s=\"c\"} 1@0 1@1000 2@2000"});
}
