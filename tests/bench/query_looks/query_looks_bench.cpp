// SPDX-License-Identifier: Apache-2.0
// The longest stretch of a query between two looks at whether it was ended, in CPU time of its
// thread, and what it takes to leave when it is ended where it holds most, its result given back:
// over a million series at one instant, over a third of them at 60 steps, and over long series.
// Both have to stay below ten milliseconds. The figure in front is the query's own CPU time.
//
//   bench_query_looks [SERIES]      a million
#include "promql/engine.hpp"
#include "promql/source.hpp"
#include "tests/support/promql_functions.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

using namespace narthex;

namespace {

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Shape {
  std::uint32_t series;
  std::uint32_t samples;  // of each, 15 s apart
};

// Series m{s="0"}, m{s="1"}, ... in blocks of the size that the tsdb backend sends.
class Blocks final : public promql::BlockCursor {
 public:
  Blocks(Shape shape, std::size_t* fetched) : shape_(shape), fetched_(fetched) {
    if (shape_.samples == 1) start_ = 1'000'000;
    per_block_ = std::max(16u, (1u << 17) / shape.samples);
  }
  bool next() override {
    if (next_ >= shape_.series) return false;
    const std::uint32_t count = std::min(per_block_, shape_.series - next_);
    texts_ = {"__name__", "m", "s"};
    for (std::uint32_t i = 0; i < count; ++i) texts_.push_back(std::to_string(next_ + i));
    symbols_.clear(), refs_.clear(), ids_.clear(), off_.clear();
    for (const std::string& text : texts_) symbols_.push_back(to_nx(text));
    offsets_.assign(1, 0);
    for (std::uint32_t i = 0; i < count; ++i) {
      refs_.insert(refs_.end(), {0, 1, 2, i + 3});
      offsets_.push_back(2 * (i + 1));
      ids_.push_back(next_ + i + 1);
      off_.push_back(std::uint64_t{i} * shape_.samples);
    }
    symbol_ids_ = {1, 2, 3};
    for (std::uint32_t i = 0; i < count; ++i) symbol_ids_.push_back(next_ + i + 4);
    row0_.assign(count, 0), row1_.assign(count, shape_.samples);
    t_.clear();
    for (std::uint32_t i = 0; i < shape_.samples; ++i) t_.push_back(start_ + i * 15'000);
    v_.resize(std::size_t{count} * shape_.samples);
    for (double& v : v_)
      v = static_cast<double>((random_ = random_ * 48271 % 2147483647) % 100'003);
    fill(count);
    next_ += count;
    ++*fetched_;
    return true;
  }
  const nx_block& block() const override { return block_; }
  Status status() const override { return Status(); }

 private:
  void fill(std::uint32_t count) {
    table_.struct_size = sizeof table_;
    table_.series_count = count;
    table_.symbol_count = static_cast<std::uint32_t>(symbols_.size());
    table_.symbols = symbols_.data();
    table_.symbol_id = symbol_ids_.data();
    table_.label_ref = refs_.data();
    table_.label_off = offsets_.data();
    block_.struct_size = sizeof block_;
    block_.flags = NX_BLOCK_SHARED_T;
    block_.series_count = count;
    block_.sample_count = v_.size();
    block_.series_id = ids_.data();
    block_.off = off_.data();
    block_.row0 = row0_.data();
    block_.row1 = row1_.data();
    block_.t_rows = t_.size();
    block_.t_id = 1;
    block_.t = t_.data();
    block_.v = v_.data();
    block_.labels = &table_;
  }

  const Shape shape_;
  std::size_t* const fetched_;
  std::int64_t start_ = 15'000;
  std::uint32_t per_block_ = 0;
  std::uint32_t next_ = 0;
  std::uint64_t random_ = 1;
  std::vector<std::string> texts_;
  std::vector<nx_str> symbols_;
  std::vector<std::uint32_t> symbol_ids_, refs_, offsets_, row0_, row1_;
  std::vector<std::uint64_t> ids_, off_;
  std::vector<std::int64_t> t_;
  std::vector<double> v_;
  nx_series_table table_{};
  nx_block block_{};
};

// Making a block is the storage's time: it counts as a look of its own.
class Looks final : public runtime::Clock {
 public:
  explicit Looks(std::size_t end_at) : end_at_(end_at), last_(cpu_ms()) {}
  std::int64_t now_ms() const override { return 0; }
  std::int64_t mono_ns() const override {
    look();
    if (++count_ == end_at_) cancellation_.cancel(), ended_ = cpu_ms();
    return 1;
  }
  void look() const {
    longest_ = std::max(longest_, cpu_ms() - last_);
    last_ = cpu_ms();
  }
  void skip() const { last_ = cpu_ms(); }

  std::size_t end_at_;
  mutable runtime::Cancellation cancellation_;
  mutable double last_;
  mutable double longest_ = 0;
  mutable double ended_ = 0;
  mutable double of_source_ = 0;
  mutable std::size_t count_ = 0;
};

class TimedCursor final : public promql::BlockCursor {
 public:
  TimedCursor(Shape shape, const Looks& looks) : looks_(looks), blocks_(shape, &fetched_) {}
  bool next() override {
    looks_.look();
    const double from = cpu_ms();
    const bool found = blocks_.next();
    looks_.of_source_ += cpu_ms() - from;
    looks_.skip();
    return found;
  }
  const nx_block& block() const override { return blocks_.block(); }
  Status status() const override { return Status(); }

 private:
  const Looks& looks_;
  std::size_t fetched_ = 0;
  Blocks blocks_;
};

class TimedSource final : public promql::Source {
 public:
  TimedSource(Shape shape, const Looks& looks) : shape_(shape), looks_(looks) {}
  Result<std::unique_ptr<promql::BlockCursor>> select(std::span<const promql::LabelMatcher>,
                                                      const nx_scan_opts&) override {
    return std::unique_ptr<promql::BlockCursor>(std::make_unique<TimedCursor>(shape_, looks_));
  }

 private:
  const Shape shape_;
  const Looks& looks_;
};

struct Timed {
  std::size_t looks;
  double cpu;      // without the source's
  double longest;  // between two looks
  double leaving;  // from the last look, or from the ending, to having returned
};

Timed run(const char* text, Shape shape, std::size_t end_at) {
  auto query =
      promql::Query::parse(text, test::promql_functions(), {.experimental_functions = true});
  if (!query.ok()) std::puts(query.status().message().c_str()), std::exit(1);
  Looks looks(end_at);
  TimedSource source(shape, looks);
  promql::RunOptions options;
  options.max_samples = 0;
  options.clock = &looks;
  options.cancellation = &looks.cancellation_;
  options.deadline_mono_ns = INT64_MAX;
  options.memory = std::make_shared<promql::MemoryMeter>();
  if (shape.samples == 1) {
    options.start_ms = options.end_ms = 1'000'000;
  } else {
    options.start_ms = 600'000;
    options.step_ms = 15'000;
    options.end_ms = std::int64_t{shape.samples} * 15'000;  // of 100 samples: 61 steps
  }
  looks.skip();
  const double begun = cpu_ms();
  { const promql::QueryResult result = query->run(source, options); }
  const double now = cpu_ms();
  const double from = looks.ended_ != 0 ? looks.ended_ : looks.last_;
  return {looks.count_, now - begun - looks.of_source_, looks.longest_, now - from};
}

void measure(const char* text, Shape shape) {
  const Timed whole = run(text, shape, 0);
  double leaving = 0;
  for (const int percent : {50, 90, 97, 99}) {
    leaving = std::max(leaving, run(text, shape,
                                    std::max<std::size_t>(
                                        whole.looks * static_cast<std::size_t>(percent) / 100, 1))
                                    .leaving);
  }
  std::printf("%-58s %8.0f ms %8zu looks %8.2f ms apart at most %8.2f ms to leave\n", text,
              whole.cpu, whole.looks, whole.longest, leaving);
}

}  // namespace

int main(int argc, char** argv) {
  const auto series = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 1'000'000);
  std::printf("%u series at an instant\n", series);
  for (const char* text : {"m",
                           "abs(m)",
                           "topk(5, m)",
                           "topk(1e9, m)",
                           "topk by (s) (1, m)",
                           "quantile(0.5, m)",
                           "quantile by (s) (0.5, m)",
                           "sum(m)",
                           "sum by (s) (m)",
                           "count_values(\"v\", m)",
                           "sort(m)",
                           "m + on (s) m",
                           "m and m",
                           "m or abs(m)",
                           "m unless m",
                           "limitk(1e9, m)",
                           "limit_ratio(0.5, m)",
                           "label_replace(m, \"a\", \"$1\", \"s\", \"(.*)\")",
                           "histogram_quantile(0.5, m)",
                           "absent(m)",
                           "m @ 1000"}) {
    measure(text, {series, 1});
  }
  const Shape steps{std::max(1u, series / 3), 100};
  std::printf("%u series at 60 steps\n", steps.series);
  for (const char* text :
       {"m", "m > 5000", "abs(m)", "rate(m[5m])", "sum by (s) (rate(m[5m]))", "sum by (s) (m)",
        "avg by (s) (m)", "quantile by (s) (0.5, m)", "topk(5, m)", "topk(1e9, m)", "m + on (s) m",
        "m and m", "m or abs(m)", "count_values(\"v\", m)", "max_over_time(m[5m:30s])",
        "label_replace(m, \"a\", \"$1\", \"s\", \"(.*)\")"}) {
    measure(text, steps);
  }
  const Shape wide{series / 1000, 5000};
  std::printf("%u series of %u samples, at each of them\n", wide.series, wide.samples);
  for (const char* text :
       {"m", "rate(m[10m])", "quantile_over_time(0.5, m[1h])", "stddev_over_time(m[1h])",
        "topk(5, m)", "quantile(0.5, m)", "sum by (s) (m)", "m + on (s) m",
        "max_over_time(m[1h:1m])", "mad_over_time(m[1h])", "sum(rate(m[10m]))",
        "predict_linear(m[1h], 60)"}) {
    measure(text, wide);
  }
}
