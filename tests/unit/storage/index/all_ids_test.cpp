// SPDX-License-Identifier: Apache-2.0
#include "storage/index/matching.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <numeric>
#include <string>
#include <vector>

namespace narthex::storage::index {
namespace {

struct State {
  std::uint64_t unused = 0;
};

// Series {s="0"}, {s="1"}, ...
void fill(LabelIndex& index, std::uint32_t count) {
  std::vector<std::string> texts{"s"};
  for (std::uint32_t i = 0; i < count; ++i) texts.push_back(std::to_string(i));
  std::vector<nx_str> symbols;
  for (const std::string& text : texts) symbols.push_back(to_nx(text));
  std::vector<std::uint32_t> refs;
  std::vector<std::uint32_t> offsets(count + std::size_t{1});
  std::iota(offsets.begin(), offsets.end(), 0u);
  for (std::uint32_t i = 0; i < count; ++i) refs.insert(refs.end(), {0, i + 1});
  nx_series_table table{};
  table.struct_size = sizeof table;
  table.series_count = count;
  table.symbol_count = static_cast<std::uint32_t>(symbols.size());
  table.symbols = symbols.data();
  table.label_ref = refs.data();
  table.label_off = offsets.data();
  std::vector<LabelIndex::Resolved> resolved;
  index.resolve(table, true, resolved);
}

TEST_CASE("what goes through all series or values looks whether its query was cancelled",
          "[index]") {
  constexpr std::uint32_t kSeries = 150'000;
  Epochs epochs;
  LabelIndex index(epochs, state_hooks<State>());
  fill(index, kSeries);
  CHECK(index.all_ids().size() == kSeries);
  const std::vector<const Pair*> pairs = index.pairs_of("s");
  Look nobody;
  CHECK(index.posting_count(pairs, nobody) == kSeries);
  CHECK(index.ids_of(pairs, nobody) == index.all_ids());
  const std::atomic<bool> cancelled{true};
  CHECK_THROWS_AS(index.all_ids(Look(&cancelled)), sdk::Error);
  Look counting(&cancelled);
  CHECK_THROWS_AS(index.posting_count(pairs, counting), sdk::Error);
  Look uniting(&cancelled);
  CHECK_THROWS_AS(index.ids_of(pairs, uniting), sdk::Error);
  CHECK_THROWS_AS(match_series(index, {}, &cancelled), sdk::Error);
  // The lock that the index is read under was given back each time.
  fill(index, kSeries + 1);
  CHECK(index.series_count() == kSeries + 1);
}

}  // namespace
}  // namespace narthex::storage::index
