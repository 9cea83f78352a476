// SPDX-License-Identifier: Apache-2.0
// posting_list.hpp - the series of one label pair: ascending ids, kept as runs.
//
// Series of a target are made one after another, so a pair of its target labels has one run of ids
// for each, and that of a metric some ids a target: 0 to 3 bytes an id, where an array takes 4 and
// what it has grown ahead. Encoded: for each run the gap to the run before, shifted up by a bit
// that says whether a length follows. The newest run is open and is kept beside. Not synchronised.
#pragma once

#include "storage/index/look.hpp"
#include "storage/index/postings.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace narthex::storage::index {

class PostingList {
 public:
  // REQUIRES: id is greater than all that are in it, and less than UINT32_MAX.
  void append(std::uint32_t id);
  // Makes sure that append(id) needs no memory, and so does not fail.
  void make_room(std::uint32_t id);
  // Takes out those of `gone`, which ascends. Returns how many that were.
  std::size_t erase(std::span<const std::uint32_t> gone);

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::size_t bytes() const { return capacity_; }    // beside the object
  std::uint32_t last() const { return open_last_; }  // REQUIRES: !empty()

  // visit(first, last) for each run, ascending.
  template <class Visit>
  void each_run(Visit&& visit) const {
    if (count_ == 0) return;
    std::uint32_t next = 0;
    for (const std::uint8_t* at = bytes_.get(); at != bytes_.get() + size_;) {
      const std::uint64_t head = take(at);
      const auto first = static_cast<std::uint32_t>(next + (head >> 1));
      const auto last = static_cast<std::uint32_t>(first + ((head & 1) != 0 ? take(at) + 1 : 0));
      visit(first, last);
      next = last + 1;
    }
    visit(open_first_, open_last_);
  }
  void append_to(Ids& out) const;

 private:
  static std::uint64_t take(const std::uint8_t*& at) {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const std::uint8_t byte = *at++;
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
  }
  void reserve(std::uint32_t more);
  void put(std::uint64_t value);
  void close_run();

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t next_ = 0;        // one behind the last encoded run
  std::uint32_t open_first_ = 0;  // the run that may still grow
  std::uint32_t open_last_ = 0;
};

// What is in any of them. They may overlap.
Ids unite(std::span<const PostingList* const> lists, Look& look);

}  // namespace narthex::storage::index
