// SPDX-License-Identifier: Apache-2.0
// context.hpp - what all operators of one running query share: where samples come from, labels and
// histograms made on the way, limits, annotations, and the first failure. One thread.
#pragma once

#include "promql/annotations.hpp"
#include "promql/engine.hpp"
#include "promql/grid.hpp"
#include "promql/histogram.hpp"
#include "promql/label_store.hpp"
#include "promql/source.hpp"
#include "promql/work.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::promql {

class Context {
 public:
  Context(Source& data, const RunOptions& run, std::string_view text, Grid whole)
      : source(data),
        options(run),
        query(text),
        grid(whole),
        label_owner(std::make_shared<LabelStore>()),
        arena_owner(std::make_shared<Arena>()),
        labels(*label_owner),
        arena(*arena_owner) {
    if (run.stats_by_step) stats_.by_step.assign(whole.count, 0);
    if (run.plan && run.clock != nullptr) plan.emplace(*this, *run.clock);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Records the first failure; always false.
  bool fail(ErrorKind kind, std::string message);
  bool fail(const Status& status);
  bool failed() const { return error_.kind != ErrorKind::kNone; }
  const QueryError& error() const { return error_; }

  // Whether to stop: failed already, cancelled, or out of time. Ask about once a millisecond.
  bool stop();
  // The same for a loop that has just looked at so many elements, or done work like that: it looks
  // once in kElementsPerLook of them, other rounds cost an addition.
  bool stop_after(std::size_t elements) {
    elements_ += elements;
    return elements_ >= kElementsPerLook && stop();
  }
  // What the symbols of a table are in the query's labels. False when it has ended.
  bool intern(const nx_series_table& table, std::vector<Symbol>& out);
  // The bound of memory that an allocation met: fails the query with it.
  bool fail_for_memory();

  // Samples held in memory: counts, and fails the query beyond the limit.
  // Fails a query that is known to pass the sample limit before it is run: with the bound it would
  // have met first, which is its deadline when little time is left.
  bool refuse_for_size();
  bool hold(std::uint64_t samples);
  void release(std::uint64_t samples) { held_ -= samples < held_ ? samples : held_; }
  std::uint64_t held() const { return held_; }
  // Samples that an operator over `steps` steps has read for them. One over a single step of many
  // stands for all of them, and what a subquery reads counts by its windows: as the reference has
  // it.
  void count_read(std::uint64_t samples, std::uint32_t steps);
  // Where an operator over `steps` steps counts what it reads for each; null when nobody asks.
  std::uint64_t* reads_by_step(std::uint32_t steps);
  // All samples read so far, whatever they count for.
  std::uint64_t samples_touched() const { return touched_; }
  SampleStats stats() const;
  // While one lives, samples are read for a subquery.
  class InnerReads {
   public:
    explicit InnerReads(Context& context) : context_(context) { ++context_.inner_; }
    ~InnerReads() { --context_.inner_; }
    InnerReads(const InnerReads&) = delete;
    InnerReads& operator=(const InnerReads&) = delete;

   private:
    Context& context_;
  };

  Source& source;
  const RunOptions& options;
  std::string_view query;
  const Grid grid;                                // of the whole query: what start() and end() mean
  const std::shared_ptr<LabelStore> label_owner;  // the result keeps both alive
  const std::shared_ptr<Arena> arena_owner;
  LabelStore& labels;
  Arena& arena;
  Annotations annotations;
  std::optional<PlanRecorder> plan;  // when one is asked for

 private:
  // Some tens of microseconds where an element costs least, a millisecond where it costs 16 ns.
  static constexpr std::size_t kElementsPerLook = std::size_t{1} << 16;

  bool out_of_time() const;

  std::size_t elements_ = 0;  // since stop() was asked last
  QueryError error_;
  SampleStats stats_;
  std::uint64_t held_ = 0;
  std::uint64_t touched_ = 0;
  std::uint64_t read_for_all_ = 0;  // samples that count for every step
  int inner_ = 0;                   // in how many subqueries
};

// Samples that an operator keeps in memory; given back when it dies.
class HeldSamples {
 public:
  explicit HeldSamples(Context& context) : context_(context) {}
  HeldSamples(HeldSamples&& other) noexcept
      : context_(other.context_), count_(std::exchange(other.count_, 0)) {}
  HeldSamples& operator=(HeldSamples&&) = delete;
  ~HeldSamples() { context_.release(count_); }

  // False when that is too many: the query has failed then.
  bool add(std::uint64_t count) {
    count_ += count;
    return context_.hold(count);
  }
  bool ok() const { return !context_.failed(); }

 private:
  Context& context_;
  std::uint64_t count_ = 0;
};

}  // namespace narthex::promql
