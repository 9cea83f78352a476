// SPDX-License-Identifier: Apache-2.0
// series_book.hpp - which series are written, by reference, and the newest sample of each. The
// labels themselves are not kept: a reference is their hash, and a second hash tells collisions.
// Thread-safe.
#pragma once

#include <narthex/data.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace narthex::storage::none {

// A sample by its time, and its value as bits: for a histogram those of its count and sum.
struct Newest {
  std::int64_t t = INT64_MIN;
  std::uint64_t bits = 0;
  friend bool operator==(const Newest&, const Newest&) = default;
};

class SeriesBook {
 public:
  // Another seed gives other references: no sender can make label sets that share one.
  explicit SeriesBook(std::uint64_t seed) : seed_(seed) {}

  // NX_ROW_OK and a reference, or NX_ROW_BAD_LABELS for a series without labels.
  std::uint8_t resolve(const nx_series_table& table, std::uint32_t series, std::int64_t now_ns,
                       std::uint64_t& ref);

  // Takes a sample: NX_ROW_OK and what was the newest before, NX_ROW_DUPLICATE,
  // NX_ROW_OUT_OF_ORDER where `in_order` is asked for, or NX_ROW_UNKNOWN_REF.
  std::uint8_t take(std::uint64_t ref, const Newest& sample, bool in_order, std::int64_t now_ns,
                    Newest& before);
  // Undoes a take(), unless another one has come since.
  void untake(std::uint64_t ref, const Newest& sample, const Newest& before);
  bool knows(std::uint64_t ref) const;

  // A name for a row of series; the row under it, or nullptr.
  std::uint64_t put_layout(std::span<const std::uint64_t> refs, std::int64_t now_ns);
  std::shared_ptr<const std::vector<std::uint64_t>> find_layout(std::uint64_t layout,
                                                                std::int64_t now_ns);

  // Forgets what nobody has used for an hour.
  void forget_unused(std::int64_t now_ns);
  std::size_t size() const;
  std::uint64_t created() const;
  std::uint64_t forgotten() const;

 private:
  struct Known {
    std::uint64_t check = 0;  // the other half of the hash
    std::int64_t used_ns = 0;
    Newest newest;
  };
  struct Layout {
    std::shared_ptr<const std::vector<std::uint64_t>> refs;
    std::int64_t used_ns = 0;
  };

  const std::uint64_t seed_;
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::unordered_map<std::uint64_t, Known> series_;
  std::unordered_map<std::uint64_t, Layout> layouts_;
  std::uint64_t last_layout_ = 0;
  std::uint64_t created_ = 0;
  std::uint64_t forgotten_ = 0;
};

}  // namespace narthex::storage::none
