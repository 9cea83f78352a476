// SPDX-License-Identifier: Apache-2.0
// series_writer.hpp - puts samples into series: in order, late, or not at all. One for each append
// (to ask) or commit (to write). REQUIRES: the commit lock, for as long as it lives.
#pragma once

#include "storage/head/allocation_turns.hpp"
#include "storage/head/core.hpp"
#include "storage/head/series.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace narthex::storage::head {

// The newest sample of a series; t is kNoTime when it has none.
struct Newest {
  std::int64_t t = kNoTime;
  std::uint64_t bits = 0;
  const Histogram* histogram = nullptr;
};
Newest newest_of(const Series& series);
// After samples were taken out: finds the newest outside groups again.
void find_newest_again(Series& series);
// Whether the series holds any sample.
bool has_samples(const Series& series);

struct NewSample {
  std::int64_t t;
  std::uint64_t bits;
  const Histogram* histogram;  // nullptr: a float
};

// What OwnSamples count for in Core::own_bytes, with what the allocator adds.
inline constexpr std::int64_t kOwnBytes = sizeof(OwnSamples) + 16;

class SeriesWriter {
 public:
  // kTaken: what comes was taken before, in this order, and is not judged again.
  enum class Judge { kAll, kTaken };
  explicit SeriesWriter(Core& core, Judge judge = Judge::kAll)
      : SeriesWriter(core, judge, core, nullptr) {}
  // Counts into `tallies`, which outlives it, as `turns` does. Several threads may write then, each
  // with a writer of its own and all with the same turns, to series that are in no group and never
  // to the same one, while one of them, or who waits for them, has the commit lock.
  SeriesWriter(Core& core, Judge judge, Tallies& tallies, AllocationTurns* turns)
      : core_(core),
        tallies_(tallies),
        turns_(turns),
        judge_(judge),
        oldest_reader_(core.oldest_reader()) {}

  // What write() would say: NX_ROW_OK, NX_ROW_DUPLICATE or NX_ROW_OUT_OF_ORDER.
  std::uint8_t check(const Series& series, const NewSample& sample, bool refuse_late) const;
  // Stores the sample unless that code is not NX_ROW_OK. Takes a reference of its own.
  std::uint8_t write(Series& series, const NewSample& sample, bool refuse_late);
  // Whether a run of floats from first_t on is newer than all that the series has.
  bool takes_run(const Series& series, std::int64_t first_t) const {
    return first_t > (series.home_group == nullptr ? series.last_t() : newest_of(series).t);
  }
  // Stores the run. REQUIRES: takes_run(), t strictly ascending, not empty.
  void write_run(Series& series, std::span<const std::int64_t> t,
                 std::span<const std::uint64_t> bits);
  // From here on `start_t` is the start time of the sample at t.
  void set_start(Series& series, std::int64_t t, std::int64_t start_t);
  // Packs what is open.
  void seal(OwnSamples& own);
  // Of the series, made where it has none yet: what the journal is told of has some.
  OwnSamples& own(Series& series);

 private:
  bool may_be_newest(const Series& series, std::int64_t t) const;
  void append_float(Series& series, std::int64_t t, std::uint64_t bits);
  void append_histogram(Series& series, std::int64_t t, const Histogram* histogram);
  void put_late(Series& series, const NewSample& sample);
  void begin_commit(OwnSamples& own);
  void make_room(OwnSamples& own, std::size_t wanted);
  void append_open(OwnSamples& own, std::span<const std::int64_t> t,
                   std::span<const std::uint64_t> bits);
  void seal_with(OwnSamples& own, std::span<const std::int64_t> t,
                 std::span<const std::uint64_t> bits);
  void add_chunk(OwnSamples& own, std::span<const std::int64_t> t,
                 std::span<const std::uint64_t> bits);

  Core& core_;
  Tallies& tallies_;
  AllocationTurns* const turns_;
  const Judge judge_;
  const std::uint64_t oldest_reader_;
};

}  // namespace narthex::storage::head
