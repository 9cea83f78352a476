// SPDX-License-Identifier: Apache-2.0
// A storage plugin: keeps the newest sample of every series, in memory, and finds it by name.
// It shows the shape of a backend; storage/memory is one to use.
#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/storage.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sdk = narthex::sdk;
using narthex::Labels;
using narthex::Status;

namespace {

struct Series {
  Labels labels;
  std::int64_t t = 0;
  double v = 0;
  bool written = false;
};

// All series by their reference, which is their place in the list plus one. Thread-safe.
class Table {
 public:
  std::uint64_t reference(const Labels& labels) {
    const std::lock_guard lock(mutex_);
    const auto [at, fresh] = references_.try_emplace(labels, series_.size() + 1);
    if (fresh) series_.push_back({.labels = labels});
    return at->second;
  }
  bool write(std::uint64_t reference, std::int64_t t, double v) {
    const std::lock_guard lock(mutex_);
    if (reference == 0 || reference > series_.size()) return false;
    Series& s = series_[reference - 1];
    if (!s.written || t >= s.t) s = {s.labels, t, v, true};
    return true;
  }
  std::vector<Series> all() const {
    const std::lock_guard lock(mutex_);
    return series_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<Labels, std::uint64_t> references_;
  std::vector<Series> series_;
};

bool matches(const Series& s, sdk::Matchers matchers) {
  for (const nx_matcher* m : matchers) {
    const nx_str value = narthex::to_nx(s.labels.get(narthex::view(m->name)));
    std::uint8_t hit = 0;
    m->match(m, &value, 1, &hit);
    if (hit == 0) return false;
  }
  return s.written;
}

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
    for (std::uint64_t row = 0; row < batch.rows; ++row) {
      const std::int64_t t = batch.t[(batch.flags & NX_BATCH_ONE_T) != 0 ? 0 : row];
      const bool taken = table_->write(batch.ref[row], t, batch.v[row]);
      ++(taken ? result.accepted : result.refused);
      if (!taken) ++result.by_code[NX_ROW_UNKNOWN_REF];
    }
    return result.refused == 0 ? NX_OK : NX_PARTIAL;
  }
  nx_status commit(nx_append_result&) override { return NX_OK; }
  std::uint64_t layout(std::span<const std::uint64_t>) override {
    throw sdk::Error(NX_ERR_UNSUPPORTED, "no layouts here");
  }

 private:
  const std::shared_ptr<Table> table_;
};

// One block with everything that was found.
class Cursor final : public sdk::StorageCursor {
 public:
  explicit Cursor(const std::vector<Series>& found) {
    for (const Series& s : found) {
      id_.push_back(id_.size() + 1);
      t_.push_back(s.t);
      v_.push_back(s.v);
      off_.push_back(off_.size());
      for (const auto& [name, value] : s.labels) {
        for (const std::string& text : {name, value}) {
          ref_.push_back(static_cast<std::uint32_t>(texts_.size()));
          texts_.push_back(std::make_unique<std::string>(text));
          symbols_.push_back(narthex::to_nx(*texts_.back()));
        }
      }
      label_off_.push_back(static_cast<std::uint32_t>(ref_.size() / 2));
    }
    row0_.assign(id_.size(), 0);
    row1_.assign(id_.size(), 1);
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
    out.sample_count = id_.size();
    out.series_id = id_.data();
    out.off = off_.data();
    out.row0 = row0_.data();
    out.row1 = row1_.data();
    out.col_flags = nullptr;
    out.t_rows = id_.size();
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
  std::vector<std::uint64_t> id_, off_;
  std::vector<std::uint32_t> row0_, row1_, ref_, label_off_{0};
  std::vector<std::int64_t> t_;
  std::vector<double> v_;
  std::vector<std::unique_ptr<std::string>> texts_;
  std::vector<nx_str> symbols_;
  nx_series_table table_{};
  bool done_ = false;
};

class Querier final : public sdk::StorageQuerier {
 public:
  Querier(std::vector<Series> all, std::int64_t min_t, std::int64_t max_t)
      : all_(std::move(all)), min_t_(min_t), max_t_(max_t) {}

  void label_names(sdk::Matchers m, std::uint64_t limit, sdk::StrSink sink) override {
    std::map<std::string, bool> names;
    for (const Series& s : found(m)) {
      for (const auto& [name, value] : s.labels) names.emplace(name, true);
    }
    push(names, limit, sink);
  }
  void label_values(std::string_view name, sdk::Matchers m, std::uint64_t limit,
                    sdk::StrSink sink) override {
    std::map<std::string, bool> values;
    for (const Series& s : found(m)) {
      if (s.labels.has(name)) values.emplace(s.labels.get(name), true);
    }
    push(values, limit, sink);
  }
  std::unique_ptr<sdk::StorageCursor> select(sdk::Matchers m, const nx_scan_opts&) override {
    return std::make_unique<Cursor>(found(m));
  }
  void cancel() override {}
  void exemplars(std::span<const sdk::Matchers>, nx_exemplar_sink, void*) override {}
  void metadata(std::string_view, std::uint64_t, nx_metadata_sink, void*) override {}

 private:
  // In label order, whether the caller asked for it or not.
  std::vector<Series> found(sdk::Matchers matchers) const {
    std::map<Labels, Series> sorted;
    for (const Series& s : all_) {
      if (s.t >= min_t_ && s.t <= max_t_ && matches(s, matchers)) sorted.emplace(s.labels, s);
    }
    std::vector<Series> list;
    for (auto& [labels, s] : sorted) list.push_back(std::move(s));
    return list;
  }
  static void push(const std::map<std::string, bool>& texts, std::uint64_t limit,
                   sdk::StrSink sink) {
    std::vector<nx_str> list;
    for (const auto& [text, unused] : texts) {
      if (limit != 0 && list.size() == limit) break;
      list.push_back(narthex::to_nx(text));
    }
    sink(list);
  }

  const std::vector<Series> all_;
  const std::int64_t min_t_, max_t_;
};

class Newest {
 public:
  static constexpr std::string_view kName = "newest";
  static constexpr std::string_view kSummary = "The newest sample of every series";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT;

  explicit Newest(sdk::Host) {}
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
  static Status unsupported() { return {NX_ERR_UNSUPPORTED, "this storage only keeps the newest"}; }
  const std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace

NARTHEX_PLUGIN("org.example.newest", "1.0.0", "The newest sample of every series",
               sdk::Storage<Newest>)
