// SPDX-License-Identifier: Apache-2.0
// recovery_lane.hpp - a replay on two threads.
//
// Samples by ref are gathered undecoded, 8 MiB of them at most, and then put back series by series
// on both threads: the more of a series come at a time, the fewer times its memory is fetched.
// Towards the end, and where the head fills up, it is less, so that both together stay below what
// running takes. Rows are decoded by the caller's and put back by the other one, a few batches
// behind (1.5 MiB). Rows and gathered samples are of different series, so they need no order
// between them; where a series has both, and before whatever else the log says, what waits is put
// back first.
#pragma once

#include "storage/tsdb/recovery.hpp"
#include "storage/wal/record_reader.hpp"
#include "storage/wal/sample_window.hpp"

#include <array>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace narthex::storage::tsdb {

class RecoveryLane final : public wal::ReplayVisitor {
 public:
  // `behind` outlives the lane. But for Recovery::put_back(), it is called by one thread at a time.
  explicit RecoveryLane(Recovery& behind);
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
  wal::SampleWindow* window() override { return &window_; }
  void gathered() override;
  void left(std::uint64_t bytes) override;

 private:
  struct Batch {
    struct Row {
      std::uint64_t layout;
      std::int64_t t;
      std::uint32_t width;
      bool whole;  // nothing of it in `present`
    };
    struct Text {
      std::uint32_t at;
      std::uint32_t size;
    };
    bool empty() const { return rows.empty() && series.empty(); }
    void clear();
    // Definitions, which hold for the rows of the batch, whichever came first.
    std::vector<std::uint32_t> series;
    std::vector<std::size_t> series_ends;  // in texts
    std::vector<Text> texts;               // names and values in turn
    std::string characters;
    std::vector<Row> rows;
    std::vector<std::uint64_t> bits;
    std::vector<std::uint64_t> present;
  };

  Batch& filling() { return batches_[filled_ % batches_.size()]; }
  void hand_over();
  void finish_rows();
  void put_back();
  void size_window();
  void on_both(const std::function<void()>& part);
  void work();
  void tell(const Batch& batch);
  void tell_series(const Batch& batch);

  Recovery& behind_;
  wal::SampleWindow window_;
  std::size_t window_max_ = 0;    // bytes of it that are gathered
  std::uint64_t left_ = 0;        // of the log
  std::size_t looked_at_ = 0;     // of window_.touched(): they are in no layout
  std::vector<bool> in_layouts_;  // refs that have rows
  std::array<Batch, 6> batches_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t filled_ = 0;  // batches handed over; the caller writes it, under the lock
  std::uint64_t told_ = 0;    // guarded by mutex_, as what follows
  const std::function<void()>* part_ = nullptr;  // for the other thread to do
  std::exception_ptr error_;
  bool ends_ = false;
  std::vector<wal::LabelView> labels_;  // of the series that is being told
  std::thread worker_;
};

}  // namespace narthex::storage::tsdb
