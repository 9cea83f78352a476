// SPDX-License-Identifier: Apache-2.0
// counted_map.hpp - tables of a query that are looked up by key: charged to it as its columns are
// (memory.hpp), since they grow with series, too.
#pragma once

#include "promql/label_store.hpp"
#include "promql/memory.hpp"

#include <functional>
#include <unordered_map>
#include <utility>

namespace narthex::promql {

template <class Key, class T, class Hash = std::hash<Key>>
using CountedMap = std::unordered_map<Key, T, Hash, std::equal_to<Key>,
                                      CountedAllocator<std::pair<const Key, T>>>;
template <class T>
using LabelSetMap = CountedMap<LabelSet, T, LabelSetHash>;

}  // namespace narthex::promql
