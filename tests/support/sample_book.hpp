// SPDX-License-Identifier: Apache-2.0
// sample_book.hpp - an nx_storage that writes into a map and can be told to fail. Reads nothing.
//
//   SampleBook book;
//   store::Store store(book.instance());
//   ...
//   CHECK(book.value("up{job=\"a\"}") == 1);
#pragma once

#include "tests/support/plain_instance.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/storage.h>

#include <bit>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace narthex::test {

class SampleBook {
 public:
  struct Sample {
    std::int64_t t = 0;
    double v = 0;
    std::optional<nx_histogram> histogram = std::nullopt;  // its arrays are gone
    bool stale() const { return std::bit_cast<std::uint64_t>(v) == NX_STALE_NAN_BITS; }
  };

  SampleBook() {
    table_.struct_size = sizeof table_;
    table_.capabilities = [](void* self) { return of(self).capabilities; };
    table_.begin = &begin;
    table_.resolve = &resolve;
    table_.append = &append;
    table_.commit = &commit;
    table_.rollback = [](nx_txn* txn) { delete reinterpret_cast<Txn*>(txn); };
    table_.cohort_open = [](void* self, const nx_cohort_opts*, std::uint64_t* cohort, nx_error*) {
      *cohort = ++of(self).cohorts;
      return nx_status{NX_OK};
    };
    table_.cohort_close = [](void* self, std::uint64_t) { ++of(self).cohorts_closed; };
    table_.layout = &layout;
  }
  SampleBook(const SampleBook&) = delete;
  SampleBook& operator=(const SampleBook&) = delete;

  std::shared_ptr<host::Instance> instance() {
    return std::make_shared<PlainInstance>("storage.book", NX_STORAGE_ID, &table_, this);
  }

  // Series as `name{a="b"}` -> samples in the order of their commits.
  std::map<std::string, std::vector<Sample>> series;
  const Sample* last(const std::string& key) const {
    const auto at = series.find(key);
    return at != series.end() && !at->second.empty() ? &at->second.back() : nullptr;
  }
  double value(const std::string& key) const {
    const Sample* sample = last(key);
    return sample != nullptr ? sample->v : -999;
  }
  std::size_t count(const std::string& key) const {
    const auto at = series.find(key);
    return at != series.end() ? at->second.size() : 0;
  }
  // Everything known is forgotten: references give NX_ROW_UNKNOWN_REF from now on.
  void forget() {
    names_.clear();
    layouts_.clear();
  }

  std::uint64_t capabilities = NX_STORAGE_WRITE;
  nx_status fail_begin = NX_OK;
  nx_status fail_commit = NX_OK;
  std::uint64_t resolved = 0;   // series
  std::uint64_t by_layout = 0;  // batches
  std::uint64_t cohorts = 0, cohorts_closed = 0;
  std::uint64_t exemplars = 0;
  std::vector<std::string> families;  // as metadata named them

 private:
  struct Txn {
    SampleBook* book;
    std::vector<std::pair<std::string, Sample>> rows;
  };
  static SampleBook& of(void* self) { return *static_cast<SampleBook*>(self); }
  static Txn& of(nx_txn* txn) { return *reinterpret_cast<Txn*>(txn); }

  static nx_status begin(void* self, const nx_txn_opts*, nx_txn** out, nx_error* err) {
    if (of(self).fail_begin != NX_OK) return sdk::fail(err, of(self).fail_begin, "cannot begin");
    *out = reinterpret_cast<nx_txn*>(new Txn{&of(self), {}});
    return NX_OK;
  }
  static std::string key_of(const nx_series_table& table, std::uint32_t s) {
    std::string name, labels;
    for (std::uint32_t p = table.label_off[s]; p < table.label_off[s + 1]; ++p) {
      const std::string label(view(table.symbols[table.label_ref[2 * p]]));
      const std::string value(view(table.symbols[table.label_ref[2 * p + 1]]));
      if (label == "__name__") {
        name = value;
      } else {
        labels += (labels.empty() ? "" : ",") + label + "=\"" + value + "\"";
      }
    }
    return name + "{" + labels + "}";
  }
  static nx_status resolve(nx_txn* txn, const nx_series_table* table, std::uint64_t* refs,
                           std::uint8_t* codes, nx_error*) {
    SampleBook& book = *of(txn).book;
    for (std::uint32_t s = 0; s < table->series_count; ++s) {
      const std::string key = key_of(*table, s);
      std::uint64_t& ref = book.refs_[key];
      if (ref == 0 || book.names_.count(ref) == 0) ref = ++book.last_ref_;
      book.names_[ref] = key;
      refs[s] = ref;
      if (codes != nullptr) codes[s] = NX_ROW_OK;
      ++book.resolved;
    }
    return NX_OK;
  }
  static nx_status append(nx_txn* txn, const nx_sample_batch* batch, nx_append_result* result,
                          nx_error*) {
    SampleBook& book = *of(txn).book;
    const auto layout = book.layouts_.find(batch->layout);
    book.by_layout += batch->layout != 0 ? 1 : 0;
    for (std::uint64_t row = 0; row < batch->rows; ++row) {
      std::uint64_t ref = batch->ref != nullptr ? batch->ref[row] : 0;
      if (batch->layout != 0 && layout != book.layouts_.end()) ref = layout->second.at(row);
      const auto name = book.names_.find(ref);
      const std::int64_t t = batch->t[(batch->flags & NX_BATCH_ONE_T) != 0 ? 0 : row];
      int code = NX_ROW_OK;
      if (name == book.names_.end()) {
        code = NX_ROW_UNKNOWN_REF;
      } else if ((batch->flags & NX_BATCH_REJECT_OOO) != 0 && book.last(name->second) != nullptr &&
                 book.last(name->second)->t >= t) {
        code = NX_ROW_OUT_OF_ORDER;
      }
      ++result->by_code[code];
      code == NX_ROW_OK ? ++result->accepted : ++result->refused;
      if (code != NX_ROW_OK) continue;
      Sample sample{t, batch->v[row]};
      if (batch->h != nullptr && batch->h[row] != NX_NONE) {
        sample.histogram = batch->hists[batch->h[row]];
      }
      of(txn).rows.push_back({name->second, sample});
    }
    book.exemplars += batch->exemplar_count;
    for (std::uint32_t m = 0; m < batch->meta_count; ++m) {
      book.families.emplace_back(view(batch->meta[m].family));
    }
    return result->refused == 0 ? NX_OK : NX_PARTIAL;
  }
  static nx_status commit(nx_txn* raw, nx_append_result*, nx_error* err) {
    const std::unique_ptr<Txn> txn(&of(raw));
    SampleBook& book = *txn->book;
    if (book.fail_commit != NX_OK) return sdk::fail(err, book.fail_commit, "disk full");
    for (auto& [key, sample] : txn->rows) book.series[key].push_back(sample);
    return NX_OK;
  }
  static nx_status layout(nx_txn* txn, const std::uint64_t* refs, std::uint64_t count,
                          std::uint64_t* out, nx_error*) {
    SampleBook& book = *of(txn).book;
    *out = ++book.last_layout_;
    book.layouts_[*out].assign(refs, refs + count);
    return NX_OK;
  }

  nx_storage table_{};
  std::map<std::string, std::uint64_t> refs_;
  std::map<std::uint64_t, std::string> names_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> layouts_;
  std::uint64_t last_ref_ = 0;
  std::uint64_t last_layout_ = 0;
};

}  // namespace narthex::test
