// SPDX-License-Identifier: Apache-2.0
// collection_tape.hpp - a collection whose plugin lives in another process: recorded there, played
// here, one message a collection.
//
// Most collections have the series of the one before, in the same order. So the plain samples of a
// collection are a list of rows; where the list is the one before, only the values travel, and the
// player gives them to the real collection as a series set that it registered once. Likewise the
// complete values of series sets: a list of sets, which travels when it is another than before, and
// all their values in one piece. What is dropped is told last.
//
//   tape   = operations up to the end
//   rows   = families, and for each row: family, suffix, labels
#pragma once

#include "host/wire_data.hpp"

#include <narthex/exporter.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::host {

// In the plugin's process. Lives as long as the instance, on the thread that collects.
class CollectionTape {
 public:
  CollectionTape();
  CollectionTape(const CollectionTape&) = delete;
  CollectionTape& operator=(const CollectionTape&) = delete;

  // Begins a collection. `fresh`: the player knows nothing of the ones before.
  void begin(std::int64_t deadline_mono_ns, bool fresh);
  const nx_collection& raw() const { return raw_; }
  // What was recorded; valid until the next begin().
  std::string_view end();
  // Instead of end(): nothing of it will be played, so the next one must say everything.
  void discard() { lost_ = true; }

 private:
  struct Family {
    std::uint32_t type = 0;
    std::string name, unit, help;
    std::uint32_t declared = 0;  // the collection that did last
    std::uint32_t place = 0;     // in its list of families
  };

  static CollectionTape& of(const nx_collection* c) {
    return *static_cast<CollectionTape*>(c->impl);
  }
  std::uint32_t family(std::uint32_t type, std::string_view name, std::string_view unit,
                       std::string_view help);
  nx_status row(std::uint32_t family, std::string_view suffix, const nx_label* labels,
                std::uint32_t count, double value, std::int64_t t, const nx_histogram* histogram);
  std::uint32_t add_set(const nx_series_table& table, const nx_metadata* meta, std::uint32_t count);
  nx_status set_values(std::uint32_t set, const double* values, const std::uint8_t* absent,
                       std::uint32_t count);
  void drop_set(std::uint32_t set);
  void add_run(std::uint32_t set, const double* values, std::uint32_t count);
  void end_runs(WireWriter& out);

  struct Set {
    std::string recorded;  // the operation that registers it
    std::uint32_t series = 0;
  };

  nx_collection raw_{};
  std::vector<Family> families_;
  std::unordered_map<std::string, std::uint32_t> family_index_;
  std::uint32_t collection_ = 0;
  bool lost_ = false;
  std::map<std::uint32_t, Set> sets_;
  std::uint32_t sets_made_ = 0;
  // Whose values came in one piece in the collection before and in this one; while they are the
  // same, known_runs_ up to run_count_ says it.
  std::vector<std::uint32_t> known_runs_, runs_;
  std::size_t run_count_ = 0;
  bool same_runs_ = false;
  std::vector<double> run_values_;
  std::string dropped_;
  // Of this collection: what is declared, the rows, their values, the other operations.
  std::string declared_, rows_, operations_;
  std::uint64_t declared_count_ = 0;
  std::vector<double> values_;
  // What the player knows, and how far this collection's rows are the same: until they differ,
  // nothing is written down.
  std::string known_declared_, known_rows_;
  bool known_ = false;
  bool same_ = false;
  std::size_t same_bytes_ = 0;
  std::string tape_;
};

// In the agent. Lives as long as the proxy, on the thread that collects.
class TapePlayer {
 public:
  // Another process records from now on.
  void begin_process();
  // Whether the next tape must be recorded fresh, for this collection object or by a new process.
  bool wants_fresh(const nx_collection& c);
  // The same, where it is going to be the collection object of the last one.
  bool wants_fresh() const { return fresh_; }
  // Gives everything to the collection. NX_ERR_INVALID_DATA: it is no tape. After a failure the
  // next tape must be fresh.
  Status play(std::string_view tape, const nx_collection& c);

 private:
  Status play_one(WireReader& in, const nx_collection& c);
  Status play_rows(WireReader& in, const nx_collection& c);
  bool read_runs(WireReader& in);
  Status play_runs(WireReader& in, const nx_collection& c);
  void forget_run(std::uint32_t set);
  Status play_sample(WireReader& in, const nx_collection& c);

  const void* collection_ = nullptr;  // whose handles these are
  bool fresh_ = true;
  std::vector<std::uint32_t> stale_;  // handles that are to be dropped
  std::uint32_t rows_set_ = 0;        // of the rows; 0: none
  std::uint32_t rows_count_ = 0;
  struct Set {
    std::uint32_t own = 0;  // the collection's handle
    std::uint32_t series = 0;
  };
  std::map<std::uint32_t, Set> sets_;  // by the recorder's handle
  struct Run {
    std::uint32_t set = 0;  // the recorder's handle
    Set known;
  };
  std::vector<Run> runs_;
  std::uint64_t run_values_ = 0;  // of all of them
  std::vector<double> values_;    // of the operation being played
};

}  // namespace narthex::host
