// SPDX-License-Identifier: Apache-2.0
// sample_writer.hpp - brings the samples of one push into the storage. A sample is added with the
// key of its series; only for series that are not known are labels asked for. All rows go in one
// batch, and what the storage refuses is told to the report, by line.
//
// Used by one thread at a time and again for push after push: it keeps its memory. The order of a
// push is begin(), add() for every sample, write(); when write() leaves forgotten() true, the
// storage had dropped series since they were resolved: begin_again(), the same add() calls,
// write().
#pragma once

#include <narthex/sdk/ingest.hpp>
#include <narthex/sdk/line_report.hpp>
#include <narthex/sdk/series_cache.hpp>
#include <narthex/sdk/series_labels.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace narthex::sdk {

class SampleWriter {
 public:
  SampleWriter(SeriesCache& cache, LabelLimits limits, bool legacy_names)
      : cache_(cache), limits_(limits), legacy_names_(legacy_names) {}

  void begin(LineReport& report) {
    report_ = &report;
    again_ = false;
    clear();
  }
  // REQUIRES: forgotten(). The report starts anew, so that what was told twice counts once.
  void begin_again() {
    report_->clear();
    again_ = true;
    before_.swap(codes_);
    clear();
  }

  // Adds a sample. describe(SeriesLabels&) is called at once when the series is not known; it may
  // return a text that says why the labels cannot be had, which refuses the sample.
  template <class Describe>
  void add(const SeriesKey& key, std::int64_t t_ms, double v, std::uint64_t line,
           Describe&& describe) {
    std::uint64_t ref = cache_.find(key);
    std::uint32_t series = NX_NONE;
    if (ref == 0) series = new_series(key, std::forward<Describe>(describe));
    keys_.push_back(key);
    refs_.push_back(ref);
    series_.push_back(series);
    t_.push_back(t_ms);
    v_.push_back(v);
    lines_.push_back(line);
  }
  // Whether the labels of a series will not be asked for.
  bool knows(const SeriesKey& key) const {
    return cache_.find(key) != 0 || new_by_key_.contains(key);
  }
  std::size_t rows() const { return t_.size(); }
  // Takes everything back that was added.
  void drop_rows() { clear(); }

  // Says what families are; goes with the next write().
  void describe_family(std::string_view family, std::uint32_t type, std::string_view help,
                       std::string_view unit = {}) {
    nx_metadata meta{};
    meta.series = NX_NONE;
    meta.type = type;
    meta.family = to_nx(family);
    meta.help = to_nx(help);
    meta.unit = to_nx(unit);
    metadata_.push_back(meta);
  }

  // Appends what was added. A failure means that nothing is to be stored: NX_ERR_UNAVAILABLE where
  // trying again may help. With `keep_going` a storage that takes no new series refuses their
  // samples; without, it fails the push, which the sender shall repeat.
  Status write(const RequestAppender& appender, bool keep_going) {
    const Status resolved = resolve(appender);
    if (!resolved.ok()) return for_sender(resolved);
    if (series_limit_ && !keep_going) {
      return {NX_ERR_UNAVAILABLE, "the storage takes no more series at present", kRetryAfterMs};
    }
    const Status appended = append(appender);
    if (!appended.ok()) return for_sender(appended);
    for (std::size_t r = 0; r < rows(); ++r) judge(r);
    return Status();
  }
  bool forgotten() const { return forgotten_; }

  // Gives the memory of an unusually large push back.
  void shrink() {
    constexpr std::size_t kKeepRows = 64 << 10;
    if (t_.capacity() > kKeepRows) {
      keys_ = {}, refs_ = {}, series_ = {}, t_ = {}, v_ = {}, lines_ = {}, codes_ = {};
      before_ = {};
    }
    if (symbols_.capacity() > kKeepRows) symbols_ = {}, label_refs_ = {};
    clear();
  }

 private:
  static constexpr std::uint32_t kRetryAfterMs = 5'000;
  struct KeyHash {
    std::size_t operator()(const SeriesKey& key) const { return key.low; }
  };
  struct NewSeries {
    SeriesKey key;
    std::string fault;            // why its labels are refused; empty: they are good
    std::uint32_t row = NX_NONE;  // in the table
    std::uint8_t code = NX_ROW_OK;
    std::uint64_t ref = 0;
  };

  void clear() {
    forgotten_ = series_limit_ = false;
    keys_.clear(), refs_.clear(), series_.clear(), t_.clear(), v_.clear(), lines_.clear();
    codes_.clear(), new_.clear(), new_by_key_.clear();
    symbols_.clear(), label_refs_.clear(), metadata_.clear();
    label_offsets_.assign(1, 0);
    labels_.drop_texts();
  }

  template <class Describe>
  std::uint32_t new_series(const SeriesKey& key, Describe&& describe) {
    const auto next = static_cast<std::uint32_t>(new_.size());
    const auto [at, is_new] = new_by_key_.try_emplace(key, next);
    if (!is_new) return at->second;
    NewSeries& made = new_.emplace_back();
    made.key = key;
    labels_.clear();
    made.fault = describe(labels_);
    if (made.fault.empty() && legacy_names_) labels_.make_legacy();
    if (made.fault.empty()) made.fault = labels_.finish(limits_);
    if (!made.fault.empty()) return next;
    made.row = static_cast<std::uint32_t>(label_offsets_.size() - 1);
    for (const auto& [name, value] : labels_.labels()) {
      for (const std::string_view text : {name, value}) {
        label_refs_.push_back(static_cast<std::uint32_t>(symbols_.size()));
        symbols_.push_back(to_nx(text));
      }
    }
    label_offsets_.push_back(static_cast<std::uint32_t>(label_refs_.size() / 2));
    return next;
  }

  Status resolve(const RequestAppender& appender) {
    const std::size_t count = label_offsets_.size() - 1;
    if (count == 0) return Status();
    nx_series_table table{};
    table.struct_size = sizeof table;
    table.series_count = static_cast<std::uint32_t>(count);
    table.symbol_count = static_cast<std::uint32_t>(symbols_.size());
    table.symbols = symbols_.data();
    table.label_ref = label_refs_.data();
    table.label_off = label_offsets_.data();
    std::vector<std::uint64_t> refs(count);
    std::vector<std::uint8_t> codes(count, NX_ROW_OK);
    const Status status = appender.resolve(table, refs.data(), codes.data());
    if (!status.ok()) return status;
    for (NewSeries& made : new_) {
      if (made.row == NX_NONE) continue;
      made.ref = refs[made.row];
      made.code = codes[made.row];
      series_limit_ = series_limit_ || made.code == NX_ROW_SERIES_LIMIT;
      if (made.ref != 0) cache_.put(made.key, made.ref);
    }
    return Status();
  }

  // Rows of series without a reference, and in the second round those that were stored in the
  // first, are left out.
  Status append(const RequestAppender& appender) {
    codes_.assign(rows(), NX_ROW_OK);
    std::vector<std::uint32_t> taken;
    std::vector<std::uint64_t> refs;
    std::vector<std::int64_t> t;
    std::vector<double> v;
    for (std::uint32_t r = 0; r < rows(); ++r) {
      const NewSeries* made = series_[r] != NX_NONE ? &new_[series_[r]] : nullptr;
      const std::uint64_t ref = made != nullptr ? made->ref : refs_[r];
      if (made != nullptr && ref == 0) codes_[r] = made->code != 0 ? made->code : kBadLabels;
      if (again_ && r < before_.size() && before_[r] != NX_ROW_UNKNOWN_REF) {
        codes_[r] = before_[r];
        continue;
      }
      if (ref == 0) continue;
      taken.push_back(r), refs.push_back(ref), t.push_back(t_[r]), v.push_back(v_[r]);
    }
    if (taken.empty() && metadata_.empty()) return Status();
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.rows = taken.size();
    batch.ref = refs.data();
    batch.t = t.data();
    batch.v = v.data();
    batch.meta = metadata_.data();
    batch.meta_count = static_cast<std::uint32_t>(metadata_.size());
    std::vector<std::uint8_t> codes(taken.size(), NX_ROW_OK);
    nx_append_result result{};
    result.struct_size = sizeof result;
    result.row_code = codes.data();
    const Status status = appender.append(batch, result);
    for (std::size_t i = 0; i < taken.size(); ++i) codes_[taken[i]] = codes[i];
    return status;
  }

  void judge(std::size_t r) {
    const std::uint8_t code = codes_[r];
    if (code == NX_ROW_OK) return;
    if (code == NX_ROW_UNKNOWN_REF && !again_) {
      forgotten_ = true;
      cache_.forget(keys_[r]);
      return;
    }
    report_->bad_sample(lines_[r], reason(r));
  }
  std::string reason(std::size_t r) const {
    const std::string at = std::to_string(t_[r]);
    switch (codes_[r]) {
      case NX_ROW_OUT_OF_BOUNDS:
        return "timestamp " + at + " ms is too far in the future";
      case NX_ROW_TOO_OLD:
        return "timestamp " + at + " ms is older than what is kept";
      case NX_ROW_DUPLICATE:
        return "another value for the newest timestamp " + at + " ms of the series";
      case NX_ROW_SERIES_LIMIT:
        return "the storage takes no more series at present";
      case kBadLabels:
        return series_[r] != NX_NONE && !new_[series_[r]].fault.empty()
                   ? new_[series_[r]].fault
                   : "the storage refused the labels";
      default:
        return "the storage refused the sample";
    }
  }
  // Limits of the storage are no fault of the sender, who shall try again.
  static Status for_sender(const Status& status) {
    if (status.code() != NX_ERR_EXHAUSTED) return status;
    return {NX_ERR_UNAVAILABLE, status.message(),
            status.retry_after_ms() != 0 ? status.retry_after_ms() : kRetryAfterMs};
  }

  static constexpr std::uint8_t kBadLabels = NX_ROW_BAD_LABELS;

  SeriesCache& cache_;
  const LabelLimits limits_;
  const bool legacy_names_;
  LineReport* report_ = nullptr;
  bool again_ = false;
  bool forgotten_ = false;
  bool series_limit_ = false;
  // [rows]
  std::vector<SeriesKey> keys_;
  std::vector<std::uint64_t> refs_;
  std::vector<std::uint32_t> series_;  // into new_; NX_NONE: refs_ says it
  std::vector<std::int64_t> t_;
  std::vector<double> v_;
  std::vector<std::uint64_t> lines_;
  std::vector<std::uint8_t> codes_;
  std::vector<std::uint8_t> before_;  // codes of the first round
  // The series that are not known yet, and their table.
  std::vector<NewSeries> new_;
  std::unordered_map<SeriesKey, std::uint32_t, KeyHash> new_by_key_;
  SeriesLabels labels_;
  std::vector<nx_str> symbols_;
  std::vector<std::uint32_t> label_refs_;
  std::vector<std::uint32_t> label_offsets_;
  std::vector<nx_metadata> metadata_;
};

}  // namespace narthex::sdk
