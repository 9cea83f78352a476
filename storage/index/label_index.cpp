// SPDX-License-Identifier: Apache-2.0
#include "storage/index/label_index.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace narthex::storage::index {
namespace {

constexpr std::uint64_t kIdsPerWork = 16;  // of those that stand side by side
constexpr std::uint32_t kNoId = std::numeric_limits<std::uint32_t>::max();

std::uint64_t combine(std::uint64_t hash, std::uint64_t part) {
  hash = (hash ^ part) * 0x9E3779B97F4A7C15u;
  return hash ^ (hash >> 29);
}

std::uint64_t pair_hash(std::uint32_t name, std::uint32_t value) {
  return combine(combine(1, name), value);
}

std::string_view text_of(const nx_str& s) {
  return s.len == 0 ? std::string_view() : std::string_view(s.ptr, s.len);
}

// Makes sure that the next push_back needs no memory, and so does not fail.
template <class T>
void make_room(std::vector<T>& list) {
  if (list.size() == list.capacity()) list.reserve(std::max<std::size_t>(4, 2 * list.size()));
}

// Uses of symbols that are given back unless they are kept.
class SymbolUses {
 public:
  explicit SymbolUses(Symbols& symbols) : symbols_(symbols) { ids_.reserve(2); }
  ~SymbolUses() {
    for (const std::uint32_t id : ids_) symbols_.drop(id);
  }
  SymbolUses(const SymbolUses&) = delete;
  SymbolUses& operator=(const SymbolUses&) = delete;
  // REQUIRES: at most two.
  std::uint32_t add(std::string_view text) { return ids_.emplace_back(symbols_.use(text)); }
  void keep() { ids_.clear(); }

 private:
  Symbols& symbols_;
  std::vector<std::uint32_t> ids_;
};

// Gives the memory of an unusually large table back.
class ShrinkAfter {
 public:
  explicit ShrinkAfter(std::vector<std::uint64_t>& kept) : kept_(kept) {}
  ~ShrinkAfter() {
    constexpr std::size_t kKeep = std::size_t{1} << 16;
    if (kept_.capacity() > kKeep) std::vector<std::uint64_t>().swap(kept_);
  }

 private:
  std::vector<std::uint64_t>& kept_;
};

// The labels of one series of a table.
class RowLabels {
 public:
  RowLabels(const nx_series_table& table, std::uint32_t row)
      : table_(table), first_(table.label_off[row]), last_(table.label_off[row + 1]) {}
  std::size_t size() const { return last_ - first_; }
  std::string_view name(std::size_t i) const { return symbol(2 * (first_ + i)); }
  std::string_view value(std::size_t i) const { return symbol(2 * (first_ + i) + 1); }

  // Sorted by name, names unique, nothing empty.
  bool valid() const {
    for (std::size_t i = 0; i < size(); ++i) {
      if (name(i).empty() || value(i).empty()) return false;
      if (i > 0 && name(i - 1) >= name(i)) return false;
    }
    return size() > 0;
  }
  bool equal(const Identity& identity) const {
    const Pairs pairs = identity.pairs();
    if (pairs.size() != size()) return false;
    for (std::size_t i = 0; i < size(); ++i) {
      const Pair& pair = *pairs[i];
      if (pair.value != value(i) || pair.name != name(i)) return false;
    }
    return true;
  }

 private:
  std::string_view symbol(std::size_t at) const {
    return text_of(table_.symbols[table_.label_ref[at]]);
  }
  const nx_series_table& table_;
  std::size_t first_;
  std::size_t last_;
};

}  // namespace

LabelIndex::LabelIndex(Epochs& epochs, StateHooks hooks)
    : epochs_(epochs),
      hooks_(hooks),
      symbols_(epochs),
      blocks_(
          static_cast<std::atomic<Block*>*>(std::calloc(kBlockCount, sizeof(std::atomic<Block*>))),
          [](std::atomic<Block*>* p) { std::free(p); }) {
  if (blocks_ == nullptr) throw std::bad_alloc();
}

LabelIndex::~LabelIndex() {
  for (std::size_t b = 0; b * kBlockSize < next_id_; ++b) {
    Block* block = blocks_[b].load(std::memory_order_relaxed);
    if (block == nullptr) continue;
    for (auto& entry : block->series) {
      Identity* identity = entry.load(std::memory_order_relaxed);
      if (identity == nullptr) continue;
      hooks_.free(identity->state(hooks_.bytes));
    }
    delete block;
  }
  for (const auto& [symbol, pairs] : names_) {
    for (Pair* pair : pairs) PairPool::release(pair);
  }
}

const Identity* LabelIndex::by_id(std::uint64_t id) const {
  if (id >= kNoId) return nullptr;
  const Block* block = blocks_[id >> kBlockBits].load(std::memory_order_acquire);
  if (block == nullptr) return nullptr;
  return block->series[id & (kBlockSize - 1)].load(std::memory_order_acquire);
}

void LabelIndex::make_block(std::uint32_t id) {
  std::atomic<Block*>& slot = blocks_[id >> kBlockBits];
  if (slot.load(std::memory_order_relaxed) != nullptr) return;
  slot.store(new Block(), std::memory_order_release);  // released by the destructor
}

// REQUIRES: its block is made.
void LabelIndex::store(std::uint32_t id, Identity* identity) {
  Block& block = *blocks_[id >> kBlockBits].load(std::memory_order_relaxed);
  block.series[id & (kBlockSize - 1)].store(identity, std::memory_order_release);
}

void LabelIndex::hash(const nx_series_table& table, Hashes& out) {
  out.symbols.resize(table.symbol_count);
  for (std::uint32_t i = 0; i < table.symbol_count; ++i) {
    out.symbols[i] = hash_text(text_of(table.symbols[i]));
  }
  out.series.resize(table.series_count);
  for (std::uint32_t s = 0; s < table.series_count; ++s) {
    std::uint64_t h = 0;
    for (std::uint32_t p = 2 * table.label_off[s]; p < 2 * table.label_off[s + 1]; ++p) {
      h = combine(h, out.symbols[table.label_ref[p]]);
    }
    out.series[s] = h;
  }
}

// As hash() has it; series do not keep theirs.
std::uint64_t LabelIndex::hash_of(const Identity& identity) const {
  std::uint64_t h = 0;
  for (const Pair* pair : identity.pairs()) {
    h = combine(combine(h, symbols_.hash(pair->name_symbol)), symbols_.hash(pair->value_symbol));
  }
  return h;
}

const Identity* LabelIndex::find(const nx_series_table& table, std::uint32_t row,
                                 std::uint64_t hash) const {
  const RowLabels labels(table, row);
  const std::uint32_t id = series_table_.find(hash, [&](std::uint32_t candidate) {
    const Identity& identity = *by_id(candidate);
    return labels.equal(identity);
  });
  return id == IdTable::kNone ? nullptr : by_id(id);
}

void LabelIndex::resolve(const nx_series_table& table, bool may_create,
                         std::vector<Resolved>& out) {
  // Kept by the thread, so that a request of the usual size allocates nothing.
  thread_local Hashes hashes;
  const ShrinkAfter shrink(hashes.symbols);
  hash(table, hashes);
  out.assign(table.series_count, Resolved());
  std::vector<std::uint32_t> missing;
  {
    // The table is read ahead of the comparisons: each lookup misses the cache.
    constexpr std::uint32_t kAhead = 8;
    const std::shared_lock lock(mutex_);
    for (std::uint32_t s = 0; s < table.series_count; ++s) {
      if (s + 2 * kAhead < table.series_count) {
        series_table_.prefetch(hashes.series[s + 2 * kAhead]);
      }
      if (s + kAhead < table.series_count) {
        const std::uint32_t id = series_table_.guess(hashes.series[s + kAhead]);
        if (id != IdTable::kNone) __builtin_prefetch(by_id(id));
      }
      out[s].identity = find(table, s, hashes.series[s]);
      if (out[s].identity == nullptr) missing.push_back(s);
    }
  }
  if (missing.empty()) return;
  const std::unique_lock lock(mutex_);
  for (const std::uint32_t s : missing) {
    Resolved& resolved = out[s];
    // It may have come meanwhile, or stand twice in the table.
    resolved.identity = find(table, s, hashes.series[s]);
    if (resolved.identity != nullptr) continue;
    if (!RowLabels(table, s).valid()) {
      resolved.code = NX_ROW_BAD_LABELS;
    } else if (!may_create || next_id_ == kNoId) {
      resolved.code = NX_ROW_SERIES_LIMIT;
    } else {
      resolved.identity = create(table, s, hashes.series[s]);
      resolved.created = true;
    }
  }
}

const Identity* LabelIndex::create(const nx_series_table& table, std::uint32_t row,
                                   std::uint64_t hash) {
  const RowLabels labels(table, row);
  std::vector<Pair*> pairs;
  std::vector<std::uint32_t> handles;
  pairs.reserve(labels.size());
  handles.reserve(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    pairs.push_back(use_pair(labels.name(i), labels.value(i)));
    handles.push_back(pairs.back()->handle);
  }
  // Whatever needs memory comes first: a series that is in half would be taken out later.
  const std::uint32_t id = next_id_;
  for (Pair* pair : pairs) {
    posting_bytes_ -= pair->postings.bytes();
    pair->postings.make_room(id);
    posting_bytes_ += pair->postings.bytes();
  }
  series_table_.make_room();
  make_block(id);
  Identity* identity = Identity::make(hooks_, id, handles);  // owned by the blocks
  store(id, identity);
  ++next_id_;
  identity_bytes_ += hooks_.bytes + Identity::bytes(handles.size());
  for (Pair* pair : pairs) pair->postings.append(id);
  series_table_.insert(hash, id);
  created_.fetch_add(1, std::memory_order_relaxed);
  return identity;
}

// With room for one more. A name that has just come must get its first pair.
std::vector<Pair*>& LabelIndex::siblings_of(std::uint32_t name_symbol) {
  const auto at = names_.find(name_symbol);
  if (at != names_.end()) {
    make_room(at->second);
    return at->second;
  }
  std::vector<Pair*> first;
  make_room(first);
  return names_.emplace(name_symbol, std::move(first)).first->second;
}

Pair* LabelIndex::known_pair(std::uint32_t name, std::uint32_t value) const {
  const std::uint32_t handle = pair_table_.find(pair_hash(name, value), [&](std::uint32_t h) {
    return PairPool::at(h)->name_symbol == name && PairPool::at(h)->value_symbol == value;
  });
  return handle == IdTable::kNone ? nullptr : PairPool::at(handle);
}

Pair* LabelIndex::use_pair(std::string_view name, std::string_view value) {
  const std::uint32_t n = symbols_.find(name);
  const std::uint32_t v = symbols_.find(value);
  if (n != kNone && v != kNone) {
    Pair* known = known_pair(n, v);
    if (known != nullptr) return known;
  }
  pair_table_.make_room();
  std::unique_ptr<Pair, void (*)(Pair*)> fresh(PairPool::make(), &PairPool::release);
  SymbolUses uses(symbols_);
  fresh->name_symbol = uses.add(name);
  fresh->value_symbol = uses.add(value);
  std::vector<Pair*>& siblings = siblings_of(fresh->name_symbol);
  uses.keep();                         // from here on nothing can fail
  Pair* const pair = fresh.release();  // until drop_pair or the destructor
  pair->name = symbols_.text(pair->name_symbol);
  pair->value = symbols_.text(pair->value_symbol);
  pair->position = static_cast<std::uint32_t>(siblings.size());
  siblings.push_back(pair);
  pair_table_.insert(pair_hash(pair->name_symbol, pair->value_symbol), pair->handle);
  return pair;
}

void LabelIndex::drop_pair(Pair& pair) {
  pair_table_.erase(pair_hash(pair.name_symbol, pair.value_symbol), pair.handle);
  std::vector<Pair*>& siblings = names_[pair.name_symbol];
  siblings[pair.position] = siblings.back();
  siblings[pair.position]->position = pair.position;
  siblings.pop_back();
  if (siblings.empty()) names_.erase(pair.name_symbol);
  symbols_.drop(pair.name_symbol);
  symbols_.drop(pair.value_symbol);
  posting_bytes_ -= pair.postings.bytes();
  epochs_.retire(
      &pair, [](void* gone) { PairPool::release(static_cast<Pair*>(gone)); }, sizeof pair);
}

void LabelIndex::unpost(std::span<const Identity* const> series) {
  Ids gone;
  std::vector<const Pair*> touched;
  for (const Identity* s : series) {
    gone.push_back(s->id());
    for (const Pair* pair : s->pairs()) touched.push_back(pair);
  }
  std::sort(gone.begin(), gone.end());
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (const Pair* constant : touched) {
    Pair& pair = *PairPool::at(constant->handle);
    posting_bytes_ -= pair.postings.bytes();
    pair.postings.erase(gone);
    posting_bytes_ += pair.postings.bytes();
    if (pair.postings.empty()) drop_pair(pair);
  }
}

void LabelIndex::retire(const Identity& identity) {
  const std::size_t bytes = hooks_.bytes + Identity::bytes(identity.pairs().size());
  identity_bytes_ -= bytes;
  epochs_.retire(identity.state(hooks_.bytes), hooks_.free, bytes);
}

void LabelIndex::remove(std::span<const Identity* const> series) {
  if (series.empty()) return;
  const std::unique_lock lock(mutex_);
  std::vector<std::uint64_t> hashes;  // while all of their texts are there
  for (const Identity* s : series) hashes.push_back(hash_of(*s));
  unpost(series);
  for (std::size_t i = 0; i < series.size(); ++i) {
    const Identity* s = series[i];
    series_table_.erase(hashes[i], s->id());
    store(s->id(), nullptr);
    retire(*s);
  }
  removed_.fetch_add(series.size(), std::memory_order_relaxed);
}

const Pair* LabelIndex::find_pair(std::string_view name, std::string_view value) const {
  const std::shared_lock lock(mutex_);
  const std::uint32_t n = symbols_.find(name);
  const std::uint32_t v = symbols_.find(value);
  if (n == kNone || v == kNone) return nullptr;
  return known_pair(n, v);
}

std::vector<const Pair*> LabelIndex::pairs_of(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto at = names_.find(symbols_.find(name));
  if (at == names_.end()) return {};
  return {at->second.begin(), at->second.end()};
}

std::vector<std::string_view> LabelIndex::names() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::string_view> out;
  out.reserve(names_.size());
  for (const auto& [symbol, pairs] : names_) out.push_back(symbols_.text(symbol));
  return out;
}

std::size_t LabelIndex::posting_count(std::span<const Pair* const> pairs, Look& look) const {
  const std::shared_lock lock(mutex_);
  std::size_t count = 0;
  for (const Pair* pair : pairs) {
    look.after(1);
    count += pair->postings.size();
  }
  return count;
}

Ids LabelIndex::ids_of(std::span<const Pair* const> pairs, Look& look) const {
  const std::shared_lock lock(mutex_);
  std::vector<const PostingList*> lists;
  lists.reserve(pairs.size());
  for (const Pair* pair : pairs) lists.push_back(&pair->postings);
  return unite(lists, look);
}

Ids LabelIndex::all_ids(Look look) const {
  const std::shared_lock lock(mutex_);
  Ids out;
  out.reserve(series_table_.size());
  for (std::uint64_t id = 0; id < next_id_; ++id) {
    const Block* block = blocks_[id >> kBlockBits].load(std::memory_order_relaxed);
    if (id % kIdsPerWork == 0 || block == nullptr) look.after(1);
    if (block == nullptr) {
      id |= kBlockSize - 1;
    } else if (block->series[id & (kBlockSize - 1)].load(std::memory_order_relaxed) != nullptr) {
      out.push_back(static_cast<std::uint32_t>(id));
    }
  }
  return out;
}

std::uint32_t LabelIndex::name_symbol(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  return symbols_.find(name);
}

std::size_t LabelIndex::series_count() const {
  const std::shared_lock lock(mutex_);
  return series_table_.size();
}

std::size_t LabelIndex::pair_count() const {
  const std::shared_lock lock(mutex_);
  return pair_table_.size();
}

std::size_t LabelIndex::bytes() const {
  const std::shared_lock lock(mutex_);
  // What the allocator adds to each allocation.
  constexpr std::size_t kAllocation = 16;
  return symbols_.bytes() + series_table_.bytes() + pair_table_.bytes() + posting_bytes_ +
         pair_table_.size() * (sizeof(Pair) + 2 * kAllocation + sizeof(Pair*)) + identity_bytes_ +
         series_table_.size() * sizeof(Identity*);
}

std::vector<LabelIndex::NameFigures> LabelIndex::name_figures() const {
  const std::shared_lock lock(mutex_);
  std::vector<NameFigures> out;
  for (const auto& [symbol, pairs] : names_) {
    std::uint64_t bytes = 0;
    for (const Pair* pair : pairs) bytes += pair->value.size() * pair->postings.size();
    out.push_back({symbols_.text(symbol), pairs.size(), bytes});
  }
  return out;
}

std::vector<std::pair<const Pair*, std::uint64_t>> LabelIndex::pair_figures() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::pair<const Pair*, std::uint64_t>> out;
  out.reserve(pair_table_.size());
  for (const auto& [symbol, pairs] : names_) {
    for (const Pair* pair : pairs) out.emplace_back(pair, pair->postings.size());
  }
  return out;
}

}  // namespace narthex::storage::index
