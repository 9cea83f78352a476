// SPDX-License-Identifier: Apache-2.0
#include "promql/label_store.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace narthex;
using namespace narthex::promql;

namespace {

LabelSet make(LabelStore& store, const std::vector<std::pair<std::string, std::string>>& labels) {
  std::vector<LabelPair> pairs;
  for (const auto& [name, value] : labels)
    pairs.push_back({store.intern(name), store.intern(value)});
  return store.add_unsorted(pairs);
}

}  // namespace

TEST_CASE("labels that stay together are not copied", "[promql]") {
  LabelStore store;
  const LabelSet set = make(store, {{"__name__", "up"}, {"a", "1"}, {"b", "2"}, {"c", "3"}});
  const LabelSet unnamed = store.without_metadata(set);
  CHECK(store.print(unnamed) == R"({a="1", b="2", c="3"})");
  CHECK(unnamed.begin() == set.begin() + 1);

  const Symbol b = store.intern("b");
  const LabelSet parted = store.filter(unnamed, [b](Symbol name) { return name != b; });
  CHECK(store.print(parted) == R"({a="1", c="3"})");
  const LabelSet none = store.filter(set, [](Symbol) { return false; });
  CHECK(none.size() == 0);
  CHECK(none == LabelSet());
  // The first is still what it was: kept sets do not share what filtering works with.
  CHECK(store.print(parted) == R"({a="1", c="3"})");
}

TEST_CASE("a filtered view is good for a lookup", "[promql]") {
  LabelStore store;
  const LabelSet set = make(store, {{"a", "1"}, {"b", "2"}, {"c", "3"}});
  const Symbol b = store.intern("b");
  const auto not_b = [b](Symbol name) { return name != b; };
  const LabelSet kept = store.filter(set, not_b);
  const LabelSet view = store.filtered(set, not_b);
  CHECK(view == kept);
  CHECK(view.hash() == kept.hash());
}

TEST_CASE("numbered symbols of a source are interned once", "[promql]") {
  LabelStore store;
  std::vector<std::string> texts;
  for (int i = 0; i < 3000; ++i) texts.push_back("text " + std::to_string(i));
  std::vector<nx_str> symbols;
  std::vector<std::uint32_t> ids;
  for (std::uint32_t i = 0; i < texts.size(); ++i) {
    symbols.push_back(to_nx(texts[i]));
    ids.push_back(i * 4096 + 7);
  }
  nx_series_table table{};
  table.struct_size = sizeof table;
  table.symbols = symbols.data();
  table.symbol_count = static_cast<std::uint32_t>(symbols.size());
  const auto all = [&] {
    std::vector<Symbol> out;
    for (std::uint32_t i = 0; i < table.symbol_count; ++i) out.push_back(store.intern(table, i));
    return out;
  };
  const std::vector<Symbol> by_text = all();
  table.symbol_id = ids.data();
  CHECK(all() == by_text);
  CHECK(all() == by_text);
  for (std::size_t i = 0; i < texts.size(); ++i) REQUIRE(store.text(by_text[i]) == texts[i]);
}

TEST_CASE("a table finds what was put into it, before and after it is divided", "[promql]") {
  CountedMap<std::uint32_t, std::uint32_t> table;
  CHECK(table.find(0) == nullptr);
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    const auto [value, is_new] = table.try_emplace(i * 4096, i);
    REQUIRE(is_new);
    REQUIRE(*value == i);
    REQUIRE(table.size() == i + 1);
  }
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    REQUIRE(table.find(i * 4096) != nullptr);
    REQUIRE(*table.find(i * 4096) == i);
    REQUIRE(table.find(i * 4096 + 1) == nullptr);
    const auto [value, is_new] = table.try_emplace(i * 4096, 7);
    REQUIRE_FALSE(is_new);
    REQUIRE(*value == i);
  }
  CHECK(table.size() == 50'000);
}
