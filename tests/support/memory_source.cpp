// SPDX-License-Identifier: Apache-2.0
#include "tests/support/memory_source.hpp"

#include <algorithm>

namespace narthex::test {

namespace {

struct Row {
  const Labels* labels;
  std::vector<Sample> samples;
};

std::vector<std::int64_t> times_of(const Row& row) {
  std::vector<std::int64_t> out;
  for (const Sample& sample : row.samples) out.push_back(sample.t_ms);
  return out;
}

// One block over some rows, with all that it points to.
struct Block {
  std::vector<std::string_view> texts;
  std::vector<nx_str> symbols;
  std::vector<std::uint32_t> refs, offsets;
  nx_series_table table{};
  std::vector<std::uint64_t> ids, off;
  std::vector<std::uint32_t> row0, row1, h;
  std::vector<std::int64_t> t;
  std::vector<double> v;
  std::vector<nx_histogram> hists;
  nx_block block{};

  Block(const std::vector<Row>& rows, std::size_t first, std::size_t last, bool shared) {
    offsets.push_back(0);
    for (std::size_t r = first; r < last; ++r) add_row(rows[r], r, shared && r > first);
    finish(shared);
  }

  void add_row(const Row& row, std::size_t id, bool times_are_there) {
    for (const auto& [name, value] : *row.labels) {
      for (const std::string& text : {std::cref(name), std::cref(value)}) {
        refs.push_back(static_cast<std::uint32_t>(symbols.size()));
        symbols.push_back(to_nx(text));
      }
    }
    offsets.push_back(static_cast<std::uint32_t>(refs.size() / 2));
    ids.push_back(id + 1);
    off.push_back(v.size());
    row0.push_back(0);
    row1.push_back(static_cast<std::uint32_t>(row.samples.size()));
    for (const Sample& sample : row.samples) {
      if (!times_are_there) t.push_back(sample.t_ms);
      v.push_back(sample.h == nullptr ? sample.v : 0);
      h.push_back(sample.h == nullptr ? NX_NONE : static_cast<std::uint32_t>(hists.size()));
      if (sample.h != nullptr) hists.push_back(*sample.h);
    }
  }

  void finish(bool shared) {
    table.struct_size = sizeof table;
    table.series_count = static_cast<std::uint32_t>(ids.size());
    table.symbol_count = static_cast<std::uint32_t>(symbols.size());
    table.symbols = symbols.data();
    table.label_ref = refs.data();
    table.label_off = offsets.data();
    block.struct_size = sizeof block;
    block.flags = shared ? static_cast<std::uint32_t>(NX_BLOCK_SHARED_T) : 0u;
    block.series_count = table.series_count;
    block.sample_count = v.size();
    block.series_id = ids.data();
    block.off = off.data();
    block.row0 = row0.data();
    block.row1 = row1.data();
    block.t_rows = shared ? t.size() : 0;
    block.t = t.data();
    block.v = v.data();
    block.hist_count = static_cast<std::uint32_t>(hists.size());
    if (!hists.empty()) {
      block.h = h.data();
      block.hists = hists.data();
    }
    block.labels = &table;
  }
};

class Cursor final : public promql::BlockCursor {
 public:
  explicit Cursor(std::vector<Row> rows) : rows_(std::move(rows)) {}

  bool next() override {
    if (next_ >= rows_.size()) return false;
    std::size_t last = next_ + 1;
    const std::vector<std::int64_t> times = times_of(rows_[next_]);
    while (last < rows_.size() && times_of(rows_[last]) == times) ++last;
    block_ = std::make_unique<Block>(rows_, next_, last, last - next_ > 1);
    next_ = last;
    return true;
  }
  const nx_block& block() const override { return block_->block; }
  Status status() const override { return Status(); }

 private:
  std::vector<Row> rows_;
  std::size_t next_ = 0;
  std::unique_ptr<Block> block_;
};

bool matches(const Labels& labels, std::span<const promql::LabelMatcher> matchers) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const promql::LabelMatcher& matcher) {
    return matcher.matches(labels.get(matcher.name));
  });
}

bool stale(const Sample& sample) {
  return sample.h != nullptr ? promql::is_stale(*sample.h) : promql::is_stale(sample.v);
}

}  // namespace

void MemorySource::add(const Labels& labels, const std::vector<Sample>& samples) {
  std::vector<Sample>& all = series_[labels];
  for (const Sample& sample : samples) {
    const auto at = std::lower_bound(all.begin(), all.end(), sample.t_ms,
                                     [](const Sample& a, std::int64_t t) { return a.t_ms < t; });
    if (at != all.end() && at->t_ms == sample.t_ms) {
      *at = sample;
    } else {
      all.insert(at, sample);
    }
  }
}

Result<std::unique_ptr<promql::BlockCursor>> MemorySource::select(
    std::span<const promql::LabelMatcher> matchers, const nx_scan_opts& options) {
  ++selects_;
  std::vector<Row> rows;
  for (const auto& [labels, samples] : series_) {
    if (!matches(labels, matchers)) continue;
    Row row{&labels, {}};
    for (const Sample& sample : samples) {
      if (sample.t_ms < options.mint || sample.t_ms > options.maxt) continue;
      if ((options.flags & NX_SCAN_DROP_STALE) != 0 && stale(sample)) continue;
      if ((options.flags & NX_SCAN_LAST) != 0) row.samples.clear();
      row.samples.push_back(sample);
    }
    if (!row.samples.empty()) rows.push_back(std::move(row));
  }
  return std::unique_ptr<promql::BlockCursor>(std::make_unique<Cursor>(std::move(rows)));
}

}  // namespace narthex::test
