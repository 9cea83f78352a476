// SPDX-License-Identifier: Apache-2.0
// What is put back series by series on two threads is what was there before the crash.
#include "harness.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <span>
#include <string>
#include <vector>

namespace narthex::storage::tsdb::test {
namespace {

constexpr int kSenderSeries = 300;

Labels labels_at(int series) {
  return {{"__name__", "m" + std::to_string(series % 7)}, {"i", std::to_string(series)}};
}

// Runs of every series, as a sender that catches up sends them.
class Sender {
 public:
  explicit Sender(Harness& harness) : harness_(harness) {
    for (int s = 0; s < kSenderSeries; ++s) refs_.push_back(harness.ref(labels_at(s)));
  }

  void send_runs(int first, int last, int each) {
    SeriesRuns runs;
    for (int s = first; s < last; ++s) {
      for (int i = 0; i < each; ++i) {
        runs.add(ref(s), t_ + i * 15'000,
                 s % 5 == 0 ? static_cast<double>(random_()) / 3
                            : static_cast<double>(random_() % 1000) / (s % 3 == 0 ? 1 : 10));
      }
    }
    commit(runs.view(), 0);
    if (last == kSenderSeries) t_ += each * 15'000;
  }

  // One row of a target, whose series get runs as well.
  void send_row(std::uint64_t cohort, int first, int last) {
    const std::span<const std::uint64_t> refs = std::span(refs_).subspan(
        static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
    std::vector<double> values;
    for (std::size_t i = 0; i < refs.size(); ++i) values.push_back(static_cast<double>(random_()));
    const std::int64_t t = t_ + 1;
    const auto txn = harness_.begin(cohort);
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.flags = NX_BATCH_ONE_T;
    batch.rows = refs.size();
    batch.layout = txn->layout(refs);
    batch.t = &t;
    batch.v = values.data();
    nx_append_result result{};
    result.struct_size = sizeof result;
    (void)txn->append(batch, result);
    REQUIRE(result.accepted == refs.size());
    (void)txn->commit(result);
    t_ += 15'000;
  }

  std::uint64_t ref(int series) const { return refs_[static_cast<std::size_t>(series)]; }

 private:
  void commit(const nx_sample_batch& batch, std::uint64_t cohort) {
    const auto txn = harness_.begin(cohort);
    nx_append_result result{};
    result.struct_size = sizeof result;
    (void)txn->append(batch, result);
    REQUIRE(result.accepted == batch.rows);
    (void)txn->commit(result);
  }

  Harness& harness_;
  std::vector<std::uint64_t> refs_;
  std::int64_t t_ = kNow - 3'600'000 * 20;
  std::mt19937 random_{17};
};

Found read_all(Harness& h) { return h.read({re("__name__", "m.*")}); }

TEST_CASE("what many runs have brought is there again after a crash", "[tsdb]") {
  Harness h;
  Sender sender(h);
  for (int round = 0; round < 12; ++round) {
    for (int s = 0; s < kSenderSeries; s += 100) sender.send_runs(s, s + 100, 20);
  }
  // Late ones, and one that stands over another.
  for (int s = 0; s < kSenderSeries; s += 9) {
    REQUIRE(h.write_bits(sender.ref(s), kNow - 3'600'000 * 19 - 7, bits_of(s)) == NX_ROW_OK);
  }
  REQUIRE(h.write_bits(sender.ref(3), kNow - 3'600'000 * 20, bits_of(4711)) == NX_ROW_OK);
  const Found before = read_all(h);
  REQUIRE(before.size() == kSenderSeries);
  REQUIRE(before.begin()->second.size() >= 240);
  h.crash();
  CHECK(read_all(h) == before);
  h.flush_all();
  CHECK(read_all(h) == before);
  h.crash();
  CHECK(read_all(h) == before);
  CHECK(h.complaints.empty());
}

TEST_CASE("series with rows and runs keep their order through a crash", "[tsdb]") {
  Harness h;
  Sender sender(h);
  nx_cohort_opts cohort_options{};
  cohort_options.struct_size = sizeof cohort_options;
  const std::uint64_t cohort = h.db().cohort_open(cohort_options).value();
  for (int round = 0; round < 30; ++round) {
    sender.send_runs(0, kSenderSeries, 80);
    if (round % 3 == 0) sender.send_row(cohort, 40, 60);
    if (round % 10 == 4) sender.send_row(cohort, 100, 260);
  }
  const Found before = read_all(h);
  h.crash();
  CHECK(read_all(h) == before);
  // What was newest is known: another value at its time is refused, an older one is late.
  const std::vector<Value>& newest = before.at(text_of(labels_at(50)));
  CHECK(h.write_bits(h.ref(labels_at(50)), newest.back().t, bits_of(-1)) == NX_ROW_DUPLICATE);
  CHECK(h.complaints.empty());
}

TEST_CASE("a recovery flushes when the head is full", "[tsdb]") {
  Options options;
  options.head_bytes = 64 << 10;
  Harness h(options);
  Sender sender(h);
  for (int round = 0; round < 20; ++round) sender.send_runs(0, kSenderSeries, 40);
  const Found before = read_all(h);
  h.crash();
  CHECK(read_all(h) == before);
  CHECK_FALSE(h.files->list("data/partitions")->empty());
}

}  // namespace
}  // namespace narthex::storage::tsdb::test
