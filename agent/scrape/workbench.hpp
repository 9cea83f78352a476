// SPDX-License-Identifier: Apache-2.0
// workbench.hpp - working memory for storing one scrape. There are as many as scrapes are stored at
// once, not as many as targets.
//
// A Workbench is used by one thread at a time; WorkbenchShelf is thread-safe.
#pragma once

#include "scrape/accept.hpp"
#include "scrape/histogram_fit.hpp"
#include "scrape/sample_rules.hpp"

#include <narthex/data.h>
#include <narthex/sdk/bump_arena.hpp>
#include <narthex/sdk/protocol.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace narthex::scrape {

// Copies of histograms and exemplars that must outlive a parser's batch.
class DeepCopies {
 public:
  nx_histogram copy(const nx_histogram& from);
  nx_exemplar copy(const nx_exemplar& from);
  // Of the same lifetime.
  sdk::BumpArena& arena() { return arena_; }
  void clear() { arena_.clear(); }

 private:
  sdk::BumpArena arena_;
};

// Zeros at the times since which series have been counting; stored before the rows themselves.
struct StartRows {
  std::vector<std::uint64_t> refs;
  std::vector<std::int64_t> times;
  std::vector<std::uint32_t> histogram_at;
  std::vector<nx_histogram> histograms;  // without buckets of their own

  void add(std::uint64_t ref, std::int64_t t_ms, const nx_histogram* like);
  void clear();
};

// The rows of one scrape, ready for one append.
struct RowColumns {
  std::vector<std::uint64_t> refs;
  std::vector<double> values;
  std::vector<std::int64_t> times;          // empty: all have the scrape's
  std::vector<std::uint32_t> histogram_at;  // empty: floats only
  std::vector<nx_histogram> histograms;
  std::vector<nx_exemplar> exemplars;
  DeepCopies copies;

  void clear();
};

struct Workbench {
  RowColumns rows;
  StartRows starts;
  HistogramFitter fitter;
  std::vector<std::uint32_t> entries;  // of the cache, a row of the batch
  std::vector<std::uint32_t> misses;   // rows of the batch
  std::vector<nx_str> miss_keys;
  std::vector<nx_label> exposed;
  LabelArena arena;
  sdk::SeriesTable table;
  std::vector<std::uint32_t> table_rows;
  std::vector<std::uint64_t> resolved;
  std::vector<std::uint8_t> codes;
  std::vector<std::uint64_t> stale;
  std::vector<nx_metadata> metadata;

  // The parser's scratch memory, made on first use.
  void* scratch(const BodyParser& parser);
  // Gives back what an unusually large scrape needed.
  void trim();

  ~Workbench();

 private:
  std::unordered_map<const BodyParser*, void*> scratches_;
};

class WorkbenchShelf {
 public:
  std::unique_ptr<Workbench> take();
  void put_back(std::unique_ptr<Workbench> workbench);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workbench>> idle_;  // guarded by mutex_
};

}  // namespace narthex::scrape
