// SPDX-License-Identifier: Apache-2.0
// label_index.hpp - which series there are: label set -> series, label pair -> postings, id ->
// series.
//
// Thread-safe. Lookups share a lock that is held for microseconds, creations and removals take it
// alone. Series, pairs and texts that were found stay readable until the caller leaves its epoch,
// also when they are removed meanwhile; so running matchers over many values needs no lock.
#pragma once

#include "storage/index/epochs.hpp"
#include "storage/index/id_table.hpp"
#include "storage/index/identity.hpp"
#include "storage/index/pair.hpp"
#include "storage/index/postings.hpp"
#include "storage/index/symbols.hpp"

#include <narthex/data.h>

#include <atomic>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::storage::index {

class LabelIndex {
 public:
  LabelIndex(Epochs& epochs, StateHooks hooks);
  ~LabelIndex();

  struct Resolved {
    const Identity* identity = nullptr;  // nullptr: see code
    std::uint8_t code = NX_ROW_OK;
    bool created = false;
  };
  // The series of a table, created where need be and `may_create` says so.
  void resolve(const nx_series_table& table, bool may_create, std::vector<Resolved>& out);

  // The series of a reference, or nullptr. No lock.
  const Identity* by_ref(std::uint64_t ref) const { return ref == 0 ? nullptr : by_id(ref - 1); }
  const Identity* by_id(std::uint64_t id) const;

  // Takes series out, each one once. They are retired, not freed.
  // REQUIRES: all of them are in the index.
  void remove(std::span<const Identity* const> series);

  // -- what matching asks; all answers are copies --
  static constexpr std::uint32_t kNone = Symbols::kNone;
  const Pair* find_pair(std::string_view name, std::string_view value) const;
  // All pairs of a name, in no order; empty when the name is unknown.
  std::vector<const Pair*> pairs_of(std::string_view name) const;
  std::vector<std::string_view> names() const;
  // These throw when the look finds its query cancelled.
  std::size_t posting_count(std::span<const Pair* const> pairs, Look& look) const;
  // The union of their postings.
  Ids ids_of(std::span<const Pair* const> pairs, Look& look) const;
  Ids all_ids(Look look = Look()) const;
  // Id of the symbol of a name, or kNone.
  std::uint32_t name_symbol(std::string_view name) const;

  // -- figures --
  std::size_t series_count() const;
  std::size_t pair_count() const;
  std::size_t bytes() const;
  std::uint64_t created() const { return created_.load(std::memory_order_relaxed); }
  std::uint64_t removed() const { return removed_.load(std::memory_order_relaxed); }

  struct NameFigures {
    std::string_view name;
    std::uint64_t values;
    std::uint64_t bytes;
  };
  std::vector<NameFigures> name_figures() const;
  // Every pair with how many series it has.
  std::vector<std::pair<const Pair*, std::uint64_t>> pair_figures() const;

 private:
  static constexpr std::size_t kBlockBits = 14;
  static constexpr std::size_t kBlockSize = std::size_t{1} << kBlockBits;
  static constexpr std::size_t kBlockCount = std::size_t{1} << (32 - kBlockBits);
  struct Block {
    std::atomic<Identity*> series[kBlockSize];
  };
  struct Hashes {  // of one table, kept for their memory
    std::vector<std::uint64_t> symbols;
    std::vector<std::uint64_t> series;
  };

  static void hash(const nx_series_table& table, Hashes& out);
  std::uint64_t hash_of(const Identity& identity) const;
  const Identity* find(const nx_series_table& table, std::uint32_t row, std::uint64_t hash) const;
  const Identity* create(const nx_series_table& table, std::uint32_t row, std::uint64_t hash);
  Pair* known_pair(std::uint32_t name, std::uint32_t value) const;
  Pair* use_pair(std::string_view name, std::string_view value);
  std::vector<Pair*>& siblings_of(std::uint32_t name_symbol);
  void drop_pair(Pair& pair);
  void make_block(std::uint32_t id);
  void store(std::uint32_t id, Identity* identity);
  void unpost(std::span<const Identity* const> series);
  void retire(const Identity& identity);

  Epochs& epochs_;
  const StateHooks hooks_;
  mutable std::shared_mutex mutex_;
  // Guarded by mutex_ from here to the blank line.
  Symbols symbols_;
  IdTable series_table_;
  IdTable pair_table_;                                           // of handles
  std::unordered_map<std::uint32_t, std::vector<Pair*>> names_;  // by symbol; owned
  std::size_t identity_bytes_ = 0;
  std::size_t posting_bytes_ = 0;
  std::uint32_t next_id_ = 0;

  // 2^18 pointers that cost no memory until they are touched.
  std::unique_ptr<std::atomic<Block*>[], void (*)(std::atomic<Block*>*)> blocks_;
  std::atomic<std::uint64_t> created_{0};
  std::atomic<std::uint64_t> removed_{0};
};

}  // namespace narthex::storage::index
