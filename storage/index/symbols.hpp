// SPDX-License-Identifier: Apache-2.0
// symbols.hpp - the texts of all label names and values, each kept once, counted by use.
//
// Not synchronised: the label index holds its lock. Texts never move; one whose last use is gone is
// retired through Epochs, so that a reader may keep looking at it until it leaves.
#pragma once

#include "storage/index/epochs.hpp"
#include "storage/index/id_table.hpp"

#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::storage::index {

// Hash of a text, seeded once a process: labels come from strangers.
std::uint64_t hash_text(std::string_view text);

class Symbols {
 public:
  explicit Symbols(Epochs& epochs) : epochs_(epochs) {}
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;
  ~Symbols();

  static constexpr std::uint32_t kNone = IdTable::kNone;

  std::uint32_t find(std::string_view text) const;
  // Finds or makes the symbol and counts one use.
  std::uint32_t use(std::string_view text);
  // Takes one use back.
  void drop(std::uint32_t id);

  std::string_view text(std::uint32_t id) const { return entries_[id].text; }
  std::uint64_t hash(std::uint32_t id) const { return entries_[id].hash; }
  std::size_t size() const { return table_.size(); }
  std::size_t bytes() const {
    return text_bytes_ + table_.bytes() + entries_.capacity() * sizeof(Entry);
  }

 private:
  struct Entry {
    std::string_view text;
    std::uint64_t hash = 0;
    std::uint32_t uses = 0;
  };

  Epochs& epochs_;
  std::vector<Entry> entries_;
  // Ids whose text is gone, with its epoch: an id means one text as long as a reader lasts.
  std::deque<std::pair<std::uint64_t, std::uint32_t>> free_;
  IdTable table_;
  std::size_t text_bytes_ = 0;
};

}  // namespace narthex::storage::index
