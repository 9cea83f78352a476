// SPDX-License-Identifier: Apache-2.0
// storage_twin.hpp - a backend in its harness against its slow twin (sample_map.hpp) on random
// operations: scrapes by layout, samples by reference, late ones, deletions, clean-up, upkeep,
// every kind of read. One thread.
#pragma once

#include "tests/support/sample_map.hpp"
#include "tests/support/storage_harness.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>

namespace narthex::storage::test {

using narthex::test::SampleMap;

inline constexpr std::int64_t kTwinNow = 1'700'000'000'000;

inline std::string values_text(const std::vector<Value>& values) {
  std::string out;
  for (const Value& v : values) {
    out += std::to_string(v.t - kTwinNow) + ":" + std::to_string(v.bits) + " ";
  }
  return out;
}

// One target that is scraped: its series come and go.
struct Target {
  std::uint64_t cohort = 0;
  std::uint64_t layout = 0;
  std::vector<Labels> series;
  std::vector<std::uint64_t> refs;
};

template <class Harness>
class StorageTwin {
 public:
  explicit StorageTwin(std::uint32_t seed) : random_(seed) {
    targets_.resize(3);
    open_cohorts();
  }
  virtual ~StorageTwin() = default;

  void step() {
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return scrape(targets_[pick(targets_.size())]);
      case 5:
      case 6:
        return push();
      case 7:
        return change(targets_[pick(targets_.size())]);
      case 8:
        return erase();
      case 9:
        return upkeep();
      default:
        return compare();
    }
  }
  void compare() {
    const std::int64_t a = random_time();
    const std::int64_t b = random_time();
    const bool everything = pick(3) == 0;
    compare_range(everything ? INT64_MIN : std::min(a, b), everything ? INT64_MAX : std::max(a, b));
  }

 protected:
  virtual void upkeep() {
    if (pick(8) == 0) (void)harness_.db().clean_deleted();
    harness_.mono_ns += 61'000'000'000;
    (void)harness_.db().maintain(0);
  }
  // After the backend was opened again.
  void open_cohorts() {
    for (Target& target : targets_) {
      nx_cohort_opts opts{};
      opts.struct_size = sizeof opts;
      target.cohort = harness_.db().cohort_open(opts).value();
      target.series.clear();
    }
  }

  std::size_t pick(std::size_t below) { return random_() % below; }
  std::int64_t random_time() {
    return kTwinNow - 400'000 + static_cast<std::int64_t>(pick(500)) * 1000;
  }
  Labels random_labels() {
    return Labels{{"__name__", "m" + std::to_string(pick(4))},
                  {"target", std::to_string(pick(3))},
                  {"x", std::to_string(pick(6))}};
  }
  std::uint64_t random_bits() {
    if (pick(20) == 0) return NX_STALE_NAN_BITS;
    return pick(3) == 0 ? bits_of(std::ldexp(static_cast<double>(random_()), -20))
                        : bits_of(static_cast<double>(pick(1000)) / 10);
  }

  void change(Target& target) {
    target.series.clear();
    target.refs.clear();
    const std::string number = std::to_string(&target - targets_.data());
    for (int name = 0; name < 4; ++name) {
      for (int x = 0; x < 6; ++x) {
        if (pick(3) == 0) continue;
        target.series.push_back(Labels{{"__name__", "m" + std::to_string(name)},
                                       {"target", pick(30) == 0 ? "0" : number},
                                       {"x", std::to_string(x)}});
      }
    }
    std::sort(target.series.begin(), target.series.end());
    target.series.erase(std::unique(target.series.begin(), target.series.end()),
                        target.series.end());
    for (const Labels& labels : target.series) target.refs.push_back(harness_.ref(labels));
    target.layout = harness_.begin(target.cohort)->layout(target.refs);
  }

  void scrape(Target& target) {
    if (target.series.empty()) change(target);
    if (pick(10) != 0) clock_ += 1000 + static_cast<std::int64_t>(pick(500));
    const std::int64_t t = clock_;
    const std::size_t rows = target.series.size();
    std::vector<double> values;
    std::vector<std::uint64_t> present((rows + 63) / 64);
    const bool some = pick(3) == 0;
    for (std::size_t r = 0; r < rows; ++r) {
      values.push_back(std::bit_cast<double>(random_bits()));
      if (!some || pick(4) != 0) present[r / 64] |= std::uint64_t{1} << r % 64;
    }
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.flags = NX_BATCH_ONE_T;
    batch.rows = rows;
    batch.t = &t;
    batch.v = values.data();
    batch.layout = target.layout;
    batch.present = some ? present.data() : nullptr;
    std::vector<std::uint8_t> codes(rows);
    nx_append_result result{};
    result.struct_size = sizeof result;
    result.row_code = codes.data();
    const auto txn = harness_.begin(target.cohort);
    (void)txn->append(batch, result);
    if (result.by_code[NX_ROW_UNKNOWN_REF] != 0) return change(target);
    nx_append_result committed{};
    committed.struct_size = sizeof committed;
    (void)txn->commit(committed);
    CHECK(committed.refused == 0);
    for (std::size_t r = 0; r < rows; ++r) {
      if (((present[r / 64] >> r % 64) & 1) == 0) continue;
      judge(target.series[r], {t, bits_of(values[r])}, false, codes[r]);
    }
  }

  // Several samples of each of some series in one batch, as a sender that catches up has them.
  void push_runs() {
    std::set<Labels> series;
    for (std::size_t n = 1 + pick(3); n > 0; --n) series.insert(random_labels());
    SeriesRuns runs;
    std::vector<Labels> labels;
    for (const Labels& of : series) {
      std::int64_t t = pick(4) != 0 ? clock_ + 1 : random_time();
      for (std::size_t n = 1 + pick(pick(3) == 0 ? 120 : 9); n > 0; --n) {
        runs.add(harness_.ref(of), t, std::bit_cast<double>(random_bits()));
        labels.push_back(of);
        t += pick(3) == 0 ? 1 + static_cast<std::int64_t>(pick(50)) : 10;
      }
    }
    std::vector<std::uint8_t> codes(labels.size());
    nx_append_result result{};
    result.struct_size = sizeof result;
    result.row_code = codes.data();
    const auto txn = harness_.begin(0);
    (void)txn->append(runs.view(), result);
    nx_append_result committed{};
    committed.struct_size = sizeof committed;
    (void)txn->commit(committed);
    CHECK(committed.accepted == result.accepted);
    CHECK(committed.refused == 0);
    for (std::size_t r = 0; r < labels.size(); ++r) {
      judge(labels[r], {runs.times[r], bits_of(runs.values[r])}, false, codes[r]);
      clock_ = std::max(clock_, runs.times[r]);
    }
  }

  void push() {
    if (pick(3) == 0) return push_runs();
    const Labels labels = random_labels();
    const std::int64_t t =
        pick(2) == 0 ? clock_ + 1 + static_cast<std::int64_t>(pick(300)) : random_time();
    const bool refuse_late = pick(4) == 0;
    const std::uint64_t bits = random_bits();
    const std::uint8_t code = harness_.write_bits(
        harness_.ref(labels), t, bits, refuse_late ? std::uint32_t{NX_BATCH_REJECT_OOO} : 0);
    judge(labels, {t, bits}, refuse_late, code);
  }

  void judge(const Labels& labels, SampleMap::Sample sample, bool refuse_late, std::uint8_t code) {
    const std::uint8_t expected = twin_.write(labels, sample.t, sample.bits, refuse_late);
    // What was archived is not asked whether it has something newer: the last write wins there too.
    if (code == NX_ROW_OK && expected != NX_ROW_OK && may_forget_newest_) {
      twin_.put(labels, sample);
    } else if (code != expected) {
      CHECK(int{code} == int{expected});
    }
  }

  void erase() {
    if (pick(3) != 0) return;
    const std::int64_t a = random_time();
    const std::int64_t b = random_time();
    const TestMatcher m = random_matcher();
    const nx_matcher* raw = &m;
    REQUIRE(harness_.db().delete_series(std::span(&raw, 1), std::min(a, b), std::max(a, b)).ok());
    twin_.erase([&](const Labels& l) { return m.matches(l.get(m.name_text)); }, std::min(a, b),
                std::max(a, b));
  }

  TestMatcher random_matcher() {
    switch (pick(5)) {
      case 0:
        return eq("__name__", "m" + std::to_string(pick(4)));
      case 1:
        return ne("target", std::to_string(pick(3)));
      case 2:
        return re("x", "[0-" + std::to_string(pick(6)) + "]");
      case 3:
        return nre("x", "2|4");
      default:
        return eq("nothing", "");
    }
  }

  void compare_range(std::int64_t min_t, std::int64_t max_t) {
    const TestMatcher a = random_matcher();
    const TestMatcher b = random_matcher();
    std::uint32_t flags = 0;
    if (pick(2) == 0) flags |= NX_SCAN_DROP_STALE;
    if (pick(3) == 0) flags |= NX_SCAN_LAST;
    if (pick(2) == 0) flags |= NX_SCAN_SORTED;
    harness_.scan_options.block_samples =
        pick(2) == 0 ? 0 : 1 + static_cast<std::uint32_t>(pick(200));
    harness_.scan_options.min_series = 1 + static_cast<std::uint32_t>(pick(8));
    harness_.split_after = static_cast<int>(pick(4)) - 1;
    const Found found = harness_.read({a, b}, min_t, max_t, flags);
    const auto expected = twin_.read(
        [&](const Labels& l) {
          return a.matches(l.get(a.name_text)) && b.matches(l.get(b.name_text));
        },
        min_t, max_t, (flags & NX_SCAN_DROP_STALE) != 0, (flags & NX_SCAN_LAST) != 0);
    Found right;
    for (const auto& [labels, samples] : expected) {
      for (const SampleMap::Sample& s : samples) right[text_of(labels)].push_back({s.t, s.bits});
    }
    if (found != right) {
      FAIL_CHECK("a read differs: " << found.size() << " and " << right.size() << " series, flags "
                                    << flags);
      for (const auto& [name, values] : right) {
        const auto at = found.find(name);
        if (at == found.end()) {
          UNSCOPED_INFO("missing " << name);
        } else if (at->second != values) {
          UNSCOPED_INFO(name << " has " << values_text(at->second) << " instead of "
                             << values_text(values));
        }
      }
      CHECK(false);
    }
  }

  bool may_forget_newest_ = false;
  std::mt19937 random_;
  Harness harness_;
  SampleMap twin_;
  std::vector<Target> targets_;
  std::int64_t clock_ = kTwinNow - 300'000;
};

}  // namespace narthex::storage::test
