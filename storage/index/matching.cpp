// SPDX-License-Identifier: Apache-2.0
#include "storage/index/matching.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::storage::index {
namespace {

using PairSet = std::vector<const Pair*>;

// What one matcher demands: a series has one of the pairs, or has none of them.
struct Demand {
  PairSet pairs;
  std::uint32_t name_symbol = LabelIndex::kNone;
  std::size_t postings = 0;
  bool exclude = false;
};

// The values of `pairs` for which the matcher says `wanted`.
PairSet filter(const nx_matcher& matcher, const PairSet& pairs, bool wanted, Look& look) {
  constexpr std::size_t kBatch = 1024;
  PairSet out;
  nx_str values[kBatch];
  std::uint8_t matched[kBatch];
  for (std::size_t first = 0; first < pairs.size(); first += kBatch) {
    look.now();
    const std::size_t count = std::min(kBatch, pairs.size() - first);
    for (std::size_t i = 0; i < count; ++i) values[i] = to_nx(pairs[first + i]->value);
    matcher.match(&matcher, values, count, matched);
    for (std::size_t i = 0; i < count; ++i) {
      if ((matched[i] != 0) == wanted) out.push_back(pairs[first + i]);
    }
  }
  return out;
}

void sort_pairs(PairSet& pairs, Look& look) {
  constexpr std::size_t kComparisonsPerWork = 64;
  std::size_t compared = 0;
  std::sort(pairs.begin(), pairs.end(), [&](const Pair* a, const Pair* b) {
    if (++compared % kComparisonsPerWork == 0) look.after(1);
    return std::less<>()(a, b);
  });
}

// The pairs of the values that a matcher names one by one, if it does.
bool by_name(const LabelIndex& index, const nx_matcher& matcher, PairSet& out) {
  const std::string_view name = view(matcher.name);
  const auto add = [&](std::string_view value) {
    const Pair* pair = value.empty() ? nullptr : index.find_pair(name, value);
    if (pair != nullptr) out.push_back(pair);
  };
  if (matcher.op == NX_MATCH_EQ || matcher.op == NX_MATCH_NE) {
    add(view(matcher.value));
    return true;
  }
  if (matcher.set_count == 0) return false;
  for (const nx_str& value : std::span(matcher.set, matcher.set_count)) add(view(value));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return true;
}

Demand demand_of(const LabelIndex& index, const nx_matcher& matcher, Look& look) {
  Demand demand;
  const bool accepts_absent = matcher.matches_empty != 0;
  const bool negative = matcher.op == NX_MATCH_NE || matcher.op == NX_MATCH_NRE;
  demand.exclude = accepts_absent;
  // Named values are what a positive matcher accepts and a negative one refuses.
  if (negative != accepts_absent || !by_name(index, matcher, demand.pairs)) {
    demand.pairs = filter(matcher, index.pairs_of(view(matcher.name)), !accepts_absent, look);
  }
  demand.postings = index.posting_count(demand.pairs, look);
  demand.name_symbol = index.name_symbol(view(matcher.name));
  return demand;
}

// Keeps the ids whose series has one of the pairs, or none of them, looking at each series.
void keep_by_labels(const LabelIndex& index, Demand& demand, Ids& ids, Look& look) {
  sort_pairs(demand.pairs, look);
  std::erase_if(ids, [&](std::uint32_t id) {
    look.after(2);
    const Identity* series = index.by_id(id);
    if (series == nullptr) return true;
    const Pair* pair = series->pair_of(demand.name_symbol);
    const bool has =
        pair != nullptr && std::binary_search(demand.pairs.begin(), demand.pairs.end(), pair);
    return has == demand.exclude;
  });
}

void apply(const LabelIndex& index, Demand& demand, Ids& ids, Look& look) {
  // Uniting postings that far outnumber what is left costs more than looking at what is left.
  constexpr std::size_t kManyTimes = 8;
  constexpr std::size_t kFewAnyway = 1024;
  if (demand.postings > kManyTimes * ids.size() + kFewAnyway) {
    keep_by_labels(index, demand, ids, look);
    return;
  }
  const Ids united = index.ids_of(demand.pairs, look);
  if (!demand.exclude) {
    ids = intersect(ids, united);
    return;
  }
  Ids left;
  std::set_difference(ids.begin(), ids.end(), united.begin(), united.end(),
                      std::back_inserter(left));
  ids.swap(left);
}

}  // namespace

Ids match_series(const LabelIndex& index, sdk::Matchers matchers,
                 const std::atomic<bool>* cancelled) {
  Look look(cancelled);
  std::vector<Demand> demands;
  for (const nx_matcher* matcher : matchers) {
    demands.push_back(demand_of(index, *matcher, look));
    if (!demands.back().exclude && demands.back().postings == 0) return {};
  }
  std::sort(demands.begin(), demands.end(), [](const Demand& a, const Demand& b) {
    if (a.exclude != b.exclude) return b.exclude;
    return a.postings < b.postings;
  });
  const bool narrowed = !demands.empty() && !demands.front().exclude;
  Ids ids = narrowed ? index.ids_of(demands.front().pairs, look) : index.all_ids(look);
  for (std::size_t i = narrowed ? 1 : 0; i < demands.size() && !ids.empty(); ++i) {
    if (demands[i].exclude && demands[i].pairs.empty()) continue;
    look.now();
    apply(index, demands[i], ids, look);
  }
  return ids;
}

}  // namespace narthex::storage::index
