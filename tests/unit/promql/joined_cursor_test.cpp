// SPDX-License-Identifier: Apache-2.0
// Series that a storage sends in pieces are whole series to a query.
#include "promql/joined_cursor.hpp"
#include "tests/unit/promql/run_query.hpp"

#include <catch2/catch.hpp>

#include <numeric>
#include <random>

using namespace narthex;
using Lines = test::Outcome::Lines;

namespace {

// The blocks of a cursor, each series of more than `piece` samples cut into such pieces.
class CutCursor final : public promql::BlockCursor {
 public:
  CutCursor(std::unique_ptr<promql::BlockCursor> of, std::uint32_t piece)
      : of_(std::move(of)), piece_(piece) {}

  bool next() override {
    if (left_ == 0) {
      if (!of_->next()) return false;
      series_ = row_ = 0;
      left_ = of_->block().series_count;
    }
    block_ = of_->block();
    row0_.assign(block_.row0, block_.row0 + block_.series_count);
    row1_.assign(block_.row1, block_.row1 + block_.series_count);
    const std::uint32_t begun = series_;
    if (row_ > 0) {
      row0_[begun] += row_;
      block_.flags |= NX_BLOCK_CONTINUES;
    }
    bool cut = false;
    while (left_ > 0 && !cut) {
      const std::uint32_t rows = row1_[series_] - row0_[series_];
      cut = rows > piece_;
      if (cut) {
        row1_[series_] = row0_[series_] + piece_;
        row_ += piece_;
      } else {
        row_ = 0;
        ++series_;
        --left_;
      }
    }
    table_ = *block_.labels;
    table_.series_count = block_.series_count = series_ - begun + (cut ? 1 : 0);
    table_.label_off += begun;
    block_.labels = &table_;
    block_.series_id += begun;
    block_.off += begun;
    block_.row0 = row0_.data() + begun;
    block_.row1 = row1_.data() + begun;
    return true;
  }
  const nx_block& block() const override { return block_; }
  Status status() const override { return of_->status(); }

 private:
  const std::unique_ptr<promql::BlockCursor> of_;
  const std::uint32_t piece_;
  std::uint32_t series_ = 0, row_ = 0, left_ = 0;
  std::vector<std::uint32_t> row0_, row1_;
  nx_series_table table_{};
  nx_block block_{};
};

class CutSource final : public test::MemorySource {
 public:
  explicit CutSource(std::uint32_t piece) : piece_(piece) {}
  Result<std::unique_ptr<promql::BlockCursor>> select(
      std::span<const promql::LabelMatcher> matchers, const nx_scan_opts& options) override {
    auto cursor = MemorySource::select(matchers, options);
    if (!cursor.ok()) return cursor.status();
    return std::unique_ptr<promql::BlockCursor>(
        std::make_unique<CutCursor>(*std::move(cursor), piece_));
  }

 private:
  const std::uint32_t piece_;
};

// One series of so many samples, a millisecond apart from 0 on, in pieces as a storage has them.
class LongSource final : public promql::Source {
 public:
  explicit LongSource(std::uint32_t samples)
      : t_(std::make_shared<std::vector<std::int64_t>>(samples)),
        v_(std::make_shared<std::vector<double>>(samples, 1.0)) {
    std::iota(t_->begin(), t_->end(), 0);
  }
  Result<std::unique_ptr<promql::BlockCursor>> select(std::span<const promql::LabelMatcher>,
                                                      const nx_scan_opts&) override {
    return std::unique_ptr<promql::BlockCursor>(
        std::make_unique<CutCursor>(std::make_unique<Cursor>(*t_, *v_), promql::kPieceSamples));
  }

 private:
  class Cursor final : public promql::BlockCursor {
   public:
    Cursor(const std::vector<std::int64_t>& t, const std::vector<double>& v)
        : row1_(static_cast<std::uint32_t>(t.size())) {
      table_.struct_size = sizeof table_;
      table_.series_count = 1;
      table_.symbol_count = 2;
      table_.symbols = symbols_;
      table_.label_ref = refs_;
      table_.label_off = label_off_;
      block_.struct_size = sizeof block_;
      block_.series_count = 1;
      block_.sample_count = t.size();
      block_.series_id = &id_;
      block_.off = &off_;
      block_.row0 = &row0_;
      block_.row1 = &row1_;
      block_.t = t.data();
      block_.v = v.data();
      block_.labels = &table_;
    }
    bool next() override { return !std::exchange(over_, true); }
    const nx_block& block() const override { return block_; }
    Status status() const override { return Status(); }

   private:
    const nx_str symbols_[2] = {NX_STR("__name__"), NX_STR("m")};
    const std::uint32_t refs_[2] = {0, 1};
    const std::uint32_t label_off_[2] = {0, 1};
    const std::uint64_t id_ = 1;
    const std::uint64_t off_ = 0;
    const std::uint32_t row0_ = 0;
    const std::uint32_t row1_;
    nx_series_table table_{};
    nx_block block_{};
    bool over_ = false;
  };

  const std::shared_ptr<std::vector<std::int64_t>> t_;
  const std::shared_ptr<std::vector<double>> v_;
};

// Every series with its samples, one line each, in the order in which they come.
Lines read_all(promql::BlockCursor& cursor) {
  Lines out;
  while (cursor.next()) {
    const nx_block& block = cursor.block();
    CHECK((block.flags & NX_BLOCK_CONTINUES) == 0);
    REQUIRE(block.labels->series_count == block.series_count);
    for (std::uint32_t s = 0; s < block.series_count; ++s) {
      std::string line = std::to_string(block.series_id[s]);
      for (std::uint32_t p = block.labels->label_off[s]; p < block.labels->label_off[s + 1]; ++p) {
        line += " " + std::string(view(block.labels->symbols[block.labels->label_ref[2 * p + 1]]));
      }
      const bool shared = (block.flags & NX_BLOCK_SHARED_T) != 0;
      for (std::uint32_t k = block.row0[s]; k < block.row1[s]; ++k) {
        const std::uint64_t at = block.off[s] + k;
        const bool histogram = block.h != nullptr && block.h[at] != NX_NONE;
        line += " " + std::to_string(block.t[shared ? k : at]) + "=";
        line += histogram ? "h" + promql::print_histogram(block.hists[block.h[at]])
                          : promql::format_number(block.v[at]);
      }
      out.push_back(line);
    }
  }
  return out;
}

const nx_histogram* histogram(promql::Arena& arena, double count) {
  auto* h = arena.array<nx_histogram>(1);
  h->is_float = 1;
  h->count.f = h->sum = count;
  return h;
}

}  // namespace

TEST_CASE("pieces of series are put together, whatever stands around them", "[promql]") {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    INFO(round);
    test::MemorySource source;
    for (unsigned s = 0; s < 1 + random() % 6; ++s) {
      const bool histograms = random() % 4 == 0;
      // Some share their times, and so a block.
      std::vector<test::Sample> samples;
      for (unsigned i = 0; i < 1 + (round % 3 + s % 2) * 7; ++i) {
        const bool h = histograms && random() % 2 == 0;
        samples.push_back({i * 1000, s * 100.0 + i, h ? histogram(source.arena(), i) : nullptr});
      }
      source.add(test::labels({{"__name__", "m"}, {"s", std::to_string(s).c_str()}}), samples);
    }
    nx_scan_opts all{};
    all.struct_size = sizeof all;
    all.maxt = 1'000'000;
    auto whole = source.select({}, all);
    auto cut = source.select({}, all);
    REQUIRE((whole.ok() && cut.ok()));
    const std::uint32_t piece = 1 + static_cast<std::uint32_t>(random() % 9);
    const promql::RunOptions options;
    promql::Context context(source, options, "", promql::Grid{});
    promql::JoinedCursor joined(context, std::make_unique<CutCursor>(*std::move(cut), piece),
                                piece);
    CHECK(read_all(joined) == read_all(**whole));
    CHECK_FALSE(context.failed());
  }
}

TEST_CASE("a query over a series in pieces has the result of the whole series", "[promql]") {
  const LongSource source(promql::kPieceSamples + 3);
  promql::RunOptions options;
  options.start_ms = options.end_ms = promql::kPieceSamples + 3;
  for (const auto& [text, value] :
       {std::pair{"count_over_time(m[2h])", 4194307.0}, std::pair{"timestamp(m)", 4194.306}}) {
    const auto query = promql::Query::parse(text, test::promql_functions(), {});
    REQUIRE(query.ok());
    LongSource own = source;
    const promql::QueryResult result = query->run(own, options);
    REQUIRE(result.error.message.empty());
    REQUIRE(result.series.size() == 1);
    CHECK(result.series[0].v[0] == value);
  }
}

TEST_CASE("pieces that are too small are an error, never half a series", "[promql]") {
  CutSource source(3);
  source.add(test::labels({{"__name__", "m"}}), {{0, 1}, {1, 1}, {2, 1}, {3, 1}});
  promql::RunOptions options;
  options.start_ms = options.end_ms = 10;
  const test::Outcome outcome = test::run_query(source, "count_over_time(m[1m])", options);
  CHECK(outcome.error.kind == promql::ErrorKind::kInternal);
  CHECK(
      outcome.error.message.starts_with("the storage sent a series in pieces that are too small"));
}
