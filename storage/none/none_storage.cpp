// SPDX-License-Identifier: Apache-2.0
#include "storage/none/none_storage.hpp"

#include "storage/none/family_querier.hpp"

#include <random>
#include <vector>

namespace narthex::storage::none {
namespace {

constexpr std::int64_t kSweepIntervalNs = std::int64_t{60} * 1'000'000'000;

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

NoneStorage::NoneStorage(sdk::Host host)
    : written_{SeriesBook(random_seed()), {}, {}, [host] { return host.mono_ns(); }} {}

std::unique_ptr<sdk::StorageQuerier> NoneStorage::open(std::int64_t, std::int64_t) {
  return std::make_unique<FamilyQuerier>(written_.families);
}

Status NoneStorage::delete_series(sdk::Matchers, std::int64_t, std::int64_t) {
  return {NX_ERR_UNSUPPORTED, "no samples are kept here: there is nothing to delete"};
}

Status NoneStorage::snapshot(std::string_view, std::uint32_t) {
  return {NX_ERR_UNSUPPORTED, "no samples are kept here: there is nothing to make a snapshot of"};
}

nx_status NoneStorage::maintain(std::int64_t) {
  const std::int64_t now_ns = written_.mono_ns();
  if (now_ns - swept_ns_ >= kSweepIntervalNs) {
    swept_ns_ = now_ns;
    written_.book.forget_unused(now_ns);
  }
  return NX_END;
}

// Of the series that are being written; what there is none of is 0, so that the answer has its
// usual shape. The table "agent" is what only this backend counts.
nx_value NoneStorage::stats(std::uint32_t, sdk::TreeArena& arena) {
  const auto number = [&](const char* key, std::uint64_t value) {
    return arena.entry(key, arena.integer(static_cast<std::int64_t>(value)));
  };
  std::vector<nx_kv> head = {number("numSeries", written_.book.size())};
  for (const char* none : {"numLabelPairs", "chunkCount", "minTime", "maxTime"}) {
    head.push_back(number(none, 0));
  }
  const RowCounts& counts = written_.counts;
  const std::vector<nx_kv> agent = {number("active_series", written_.book.size()),
                                    number("deleted_series", written_.book.forgotten()),
                                    number("samples_out_of_order", counts.out_of_order),
                                    number("exemplars_appended", counts.exemplars)};
  std::vector<nx_kv> all = {
      arena.entry("headStats", arena.table(head)),
      arena.entry("agent", arena.table(agent)),
      number("samples_appended", counts.samples),
      number("histograms_appended", counts.histograms),
      number("samples_duplicate", counts.duplicates),
  };
  for (const char* ranking : {"seriesCountByMetricName", "labelValueCountByLabelName",
                              "memoryInBytesByLabelName", "seriesCountByLabelValuePair"}) {
    all.push_back(arena.entry(ranking, arena.array({})));
  }
  return arena.table(all);
}

}  // namespace narthex::storage::none
