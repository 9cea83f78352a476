// SPDX-License-Identifier: Apache-2.0
// recovery_lane.hpp - a replay on two threads: the caller's reads and decodes the log, one of its
// own puts samples and rows back, a few batches behind (1.5 MiB). Whatever else the log says is
// told on the caller's thread once the batches before it are done, so everything keeps its order.
#pragma once

#include "storage/wal/record_reader.hpp"

#include <array>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace narthex::storage::tsdb {

class RecoveryLane final : public wal::ReplayVisitor {
 public:
  // `behind` outlives the lane, and is called by one thread at a time.
  explicit RecoveryLane(wal::ReplayVisitor& behind);
  ~RecoveryLane() override;  // without finish(), what waits is not told any more

  // Returns when everything has been told. Throws what `behind` threw, as every call does.
  void finish();

  void segment(std::uint64_t number, bool carries) override;
  void series(std::uint32_t ref, std::span<const wal::LabelView> labels) override;
  void layout(std::uint64_t layout, std::span<const std::uint32_t> refs) override;
  void row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
           const std::uint64_t* present) override;
  void samples(std::span<const wal::LoggedRun> runs) override;
  void histogram(std::uint32_t ref, std::int64_t t, const nx_histogram& histogram) override;
  void start(std::uint32_t ref, std::int64_t t, std::int64_t start_t) override;
  void exemplar(const wal::LoggedExemplar& exemplar) override;
  void metadata(const wal::LoggedMetadata& metadata) override;
  void erase(std::span<const std::uint32_t> refs, std::int64_t min_t, std::int64_t max_t) override;

 private:
  // Runs or rows, never both: their order would be lost.
  struct Batch {
    struct Run {
      std::uint32_t ref;
      std::uint32_t count;
    };
    struct Row {
      std::uint64_t layout;
      std::int64_t t;
      std::uint32_t width;
      bool whole;  // nothing of it in `present`
    };
    void clear();
    std::vector<Run> runs;
    std::vector<Row> rows;
    std::vector<std::int64_t> t;
    std::vector<std::uint64_t> bits;
    std::vector<std::uint64_t> present;
  };

  Batch& filling() { return batches_[filled_ % batches_.size()]; }
  void hand_over();
  void work();
  void tell(const Batch& batch);

  wal::ReplayVisitor& behind_;
  std::array<Batch, 3> batches_;
  std::vector<wal::LoggedRun> runs_;  // of the batch that is being told
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t filled_ = 0;  // batches handed over; the caller writes it, under the lock
  std::uint64_t told_ = 0;    // guarded by mutex_, as what follows
  std::exception_ptr error_;
  bool ends_ = false;
  std::thread worker_;
};

}  // namespace narthex::storage::tsdb
