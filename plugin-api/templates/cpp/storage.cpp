// SPDX-License-Identifier: Apache-2.0
// A storage plugin: keeps every sample in memory, in plain maps. It shows the shape of a backend,
// and what each call owes its caller.
#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/storage.hpp>

#include <algorithm>
#include <bit>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace sdk = narthex::sdk;
using narthex::Labels;
using narthex::Status;

namespace {

using Samples = std::map<std::int64_t, double>;
struct Series {
  Labels labels;
  Samples samples;
};
struct Row {
  std::uint64_t reference;
  std::int64_t t;
  double v;
};

// All series by their reference, which is their place in the list plus one. Thread-safe.
class Table {
 public:
  std::uint64_t reference(const Labels& labels) {
    const std::lock_guard lock(mutex_);
    const auto [at, fresh] = references_.try_emplace(labels, series_.size() + 1);
    if (fresh) series_.push_back({labels, {}});
    return at->second;
  }
  // Why a row cannot be taken, or NX_ROW_OK.
  std::uint8_t check(const Row& row) const {
    const std::lock_guard lock(mutex_);
    if (row.reference == 0 || row.reference > series_.size()) return NX_ROW_UNKNOWN_REF;
    const Samples& samples = series_[row.reference - 1].samples;
    const bool newest = !samples.empty() && samples.rbegin()->first == row.t;
    // Bits, since NaN is not equal to itself.
    const bool other = newest && std::bit_cast<std::uint64_t>(samples.rbegin()->second) !=
                                     std::bit_cast<std::uint64_t>(row.v);
    return other ? NX_ROW_DUPLICATE : NX_ROW_OK;
  }
  void write(const std::vector<Row>& rows) {
    const std::lock_guard lock(mutex_);
    for (const Row& row : rows) series_[row.reference - 1].samples[row.t] = row.v;
  }
  std::vector<Series> all() const {
    const std::lock_guard lock(mutex_);
    return {series_.begin(), series_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::map<Labels, std::uint64_t> references_;
  std::deque<Series> series_;
};

// A transaction keeps its rows to itself until commit: a rollback has nothing to undo.
class Txn final : public sdk::StorageTxn {
 public:
  explicit Txn(std::shared_ptr<Table> table) : table_(std::move(table)) {}
  nx_status resolve(const nx_series_table& in, std::uint64_t* refs, std::uint8_t*) override {
    for (std::uint32_t s = 0; s < in.series_count; ++s) {
      Labels labels;
      for (std::uint32_t p = in.label_off[s]; p < in.label_off[s + 1]; ++p) {
        labels.set(narthex::view(in.symbols[in.label_ref[2 * p]]),
                   narthex::view(in.symbols[in.label_ref[2 * p + 1]]));
      }
      refs[s] = table_->reference(labels);
    }
    return NX_OK;
  }
  nx_status append(const nx_sample_batch& batch, nx_append_result& result) override {
    for (std::uint64_t r = 0; r < batch.rows; ++r) {
      const Row row = {batch.ref[r], batch.t[(batch.flags & NX_BATCH_ONE_T) != 0 ? 0 : r],
                       batch.v[r]};
      const std::uint8_t code = table_->check(row);
      if (code == NX_ROW_OK) rows_.push_back(row);
      ++(code == NX_ROW_OK ? result.accepted : result.refused);
      ++result.by_code[code];
      if (result.row_code != nullptr) result.row_code[r] = code;
    }
    return result.refused == 0 ? NX_OK : NX_PARTIAL;
  }
  nx_status commit(nx_append_result&) override {
    table_->write(rows_);
    return NX_OK;
  }
  std::uint64_t layout(std::span<const std::uint64_t>) override {
    throw sdk::Error(NX_ERR_UNSUPPORTED, "no layouts here");
  }

 private:
  const std::shared_ptr<Table> table_;
  std::vector<Row> rows_;
};

// One block with everything that was found; what it points to lives as long as the cursor.
class Cursor final : public sdk::StorageCursor {
 public:
  Cursor(std::vector<Series> found, bool samples) : found_(std::move(found)) {
    for (const Series& s : found_) {
      id_.push_back(id_.size() + 1);
      off_.push_back(t_.size());
      row0_.push_back(0);
      row1_.push_back(samples ? static_cast<std::uint32_t>(s.samples.size()) : 0);
      for (const auto& [t, v] : s.samples) {
        t_.push_back(t);
        v_.push_back(v);
      }
      for (const auto& [name, value] : s.labels) {
        for (const std::string* text : {&name, &value}) {
          ref_.push_back(static_cast<std::uint32_t>(symbols_.size()));
          symbols_.push_back(narthex::to_nx(*text));
        }
      }
      label_off_.push_back(static_cast<std::uint32_t>(ref_.size() / 2));
    }
  }
  nx_status next(nx_block& out) override {
    if (done_ || id_.empty()) return NX_END;
    done_ = true;
    table_.struct_size = sizeof table_;
    table_.series_count = static_cast<std::uint32_t>(id_.size());
    table_.symbol_count = static_cast<std::uint32_t>(symbols_.size());
    table_.symbols = symbols_.data();
    table_.label_ref = ref_.data();
    table_.label_off = label_off_.data();
    // Never `out = nx_block{...}`: its size is the caller's.
    out.flags = 0;
    out.series_count = table_.series_count;
    out.hist_count = 0;
    out.sample_count = t_.size();
    out.series_id = id_.data();
    out.off = off_.data();
    out.row0 = row0_.data();
    out.row1 = row1_.data();
    out.col_flags = nullptr;
    out.t_rows = t_.size();
    out.t_id = 0;
    out.t = t_.data();
    out.v = v_.data();
    out.st = nullptr;
    out.h = nullptr;
    out.hists = nullptr;
    out.labels = &table_;
    out.owner = nullptr;
    return NX_OK;
  }

 private:
  const std::vector<Series> found_;
  std::vector<std::uint64_t> id_, off_;
  std::vector<std::uint32_t> row0_, row1_, ref_, label_off_{0};
  std::vector<std::int64_t> t_;
  std::vector<double> v_;
  std::vector<nx_str> symbols_;
  nx_series_table table_{};
  bool done_ = false;
};

bool matches(const Labels& labels, sdk::Matchers matchers) {
  return std::ranges::all_of(matchers, [&](const nx_matcher* m) {
    // An absent label has the empty value.
    const nx_str value = narthex::to_nx(labels.get(narthex::view(m->name)));
    std::uint8_t hit = 0;
    m->match(m, &value, 1, &hit);
    return hit != 0;
  });
}

std::string text_of(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) text += name + '\1' + value + '\1';
  return text;
}

bool is_stale(double v) { return std::bit_cast<std::uint64_t>(v) == NX_STALE_NAN_BITS; }

class Querier final : public sdk::StorageQuerier {
 public:
  Querier(std::vector<Series> all, std::int64_t min_t, std::int64_t max_t)
      : all_(std::move(all)), min_t_(min_t), max_t_(max_t) {}

  void label_names(sdk::Matchers m, std::uint64_t limit, sdk::StrSink sink) override {
    std::set<std::string> names;
    for (const Series& s : found(m, min_t_, max_t_)) {
      for (const auto& [name, value] : s.labels) names.insert(name);
    }
    push(names, limit, sink);
  }
  void label_values(std::string_view name, sdk::Matchers m, std::uint64_t limit,
                    sdk::StrSink sink) override {
    std::set<std::string> values;
    for (const Series& s : found(m, min_t_, max_t_)) {
      if (s.labels.has(name)) values.emplace(s.labels.get(name));
    }
    push(values, limit, sink);
  }
  std::unique_ptr<sdk::StorageCursor> select(sdk::Matchers m, const nx_scan_opts& o) override {
    std::vector<Series> list = found(m, std::max(min_t_, o.mint), std::min(max_t_, o.maxt));
    if (o.shard_count > 1) {
      std::erase_if(list, [&](const Series& s) {
        return std::hash<std::string>()(text_of(s.labels)) % o.shard_count != o.shard_index;
      });
    }
    if (o.limit_series != 0 && list.size() > o.limit_series) list.resize(o.limit_series);
    if ((o.flags & NX_SCAN_DROP_STALE) != 0) {
      for (Series& s : list)
        std::erase_if(s.samples, [](const auto& sample) { return is_stale(sample.second); });
    }
    return std::make_unique<Cursor>(std::move(list), (o.flags & NX_SCAN_NO_SAMPLES) == 0);
  }
  void cancel() override {}
  void exemplars(std::span<const sdk::Matchers>, nx_exemplar_sink, void*) override {}
  void metadata(std::string_view, std::uint64_t, nx_metadata_sink, void*) override {}

 private:
  // In label order, whether the caller asked for it or not; only series with samples there.
  std::vector<Series> found(sdk::Matchers matchers, std::int64_t min_t, std::int64_t max_t) const {
    std::map<Labels, Series> sorted;
    for (const Series& s : all_) {
      if (min_t > max_t || !matches(s.labels, matchers)) continue;
      Samples part(s.samples.lower_bound(min_t), s.samples.upper_bound(max_t));
      if (!part.empty()) sorted.emplace(s.labels, Series{s.labels, std::move(part)});
    }
    std::vector<Series> list;
    for (auto& [labels, s] : sorted) list.push_back(std::move(s));
    return list;
  }
  static void push(const std::set<std::string>& texts, std::uint64_t limit, sdk::StrSink sink) {
    std::vector<nx_str> list;
    for (const std::string& text : texts) {
      if (limit != 0 && list.size() == limit) break;
      list.push_back(narthex::to_nx(text));
    }
    sink(list);
  }

  const std::vector<Series> all_;
  const std::int64_t min_t_, max_t_;
};

class @CLASS@ {
 public:
  static constexpr std::string_view kName = "@NAME@";
  static constexpr std::string_view kSummary = "Every sample, in memory";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT;

  explicit @CLASS@(sdk::Host) {}
  // What is there, and nothing else: a host asks for no more.
  std::uint64_t capabilities() const {
    return NX_STORAGE_WRITE | NX_STORAGE_READ | NX_STORAGE_OUT_OF_ORDER;
  }
  std::unique_ptr<sdk::StorageTxn> begin(const nx_txn_opts&) {
    return std::make_unique<Txn>(table_);
  }
  std::unique_ptr<sdk::StorageQuerier> open(std::int64_t min_t, std::int64_t max_t) {
    return std::make_unique<Querier>(table_->all(), min_t, max_t);
  }
  Status delete_series(sdk::Matchers, std::int64_t, std::int64_t) { return unsupported(); }
  Status clean_deleted() { return unsupported(); }
  Status snapshot(std::string_view, std::uint32_t) { return unsupported(); }
  Status set_retention(const nx_retention&) { return {}; }
  nx_status maintain(std::int64_t) { return NX_END; }
  nx_value stats(std::uint32_t, sdk::TreeArena& arena) {
    const nx_kv entries[] = {
        arena.entry("numSeries", arena.integer(static_cast<std::int64_t>(table_->all().size())))};
    return arena.table(entries);
  }
  narthex::Result<std::uint64_t> cohort_open(const nx_cohort_opts&) { return unsupported(); }
  void cohort_close(std::uint64_t) {}

 private:
  static Status unsupported() { return {NX_ERR_UNSUPPORTED, "this storage cannot do that"}; }
  const std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace

NARTHEX_PLUGIN("@ID@", "1.0.0", "Every sample, in memory", sdk::Storage<@CLASS@>)
