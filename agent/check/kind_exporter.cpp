// SPDX-License-Identifier: Apache-2.0
// kind_exporter.cpp - exporters: what they emit is sound, and NX_PARTIAL is explained.
#include "check/data_rules.hpp"
#include "check/suite.hpp"

#include <narthex/exporter.h>
#include <narthex/sdk/guard.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

namespace narthex::check {
namespace {

constexpr const char* kCollect = NX_EXPORTER_ID ".collect";
constexpr std::array<std::string_view, 6> kSuffixes = {"_bucket", "_sum",  "_count",
                                                       "_total",  "_info", "_created"};

// One collection, or (`sets`) what lives as long as the instance.
struct CollectionBook {
  KitHost* kit = nullptr;
  std::map<std::string, std::uint32_t> families;
  std::vector<std::string> names{""};  // by handle
  std::set<std::string> series;
  std::uint64_t samples = 0;
};

// Series sets live as long as the instance: their handles are numbered across collections.
std::atomic<std::uint32_t> g_next_set{1};
std::mutex g_sets_mutex;
std::map<std::uint32_t, std::uint32_t> g_sets;  // guarded by g_sets_mutex: handle -> series

CollectionBook& book_of(const nx_collection* c) { return *static_cast<CollectionBook*>(c->impl); }

nx_status refuse(CollectionBook& book, const std::string& why) {
  book.kit->report().find("NXR-EXP-1", "collect emits " + why);
  return NX_ERR_INVALID_ARGUMENT;
}

std::uint32_t on_family(const nx_collection* c, std::uint32_t type, nx_str name, nx_str unit,
                        nx_str help) {
  CollectionBook& book = book_of(c);
  if (book.kit->fails()) return 0;
  const nx_label texts[] = {{name, help}, {NX_STR("unit"), unit}};
  if (std::string why = bad_labels(texts, 2, false); !why.empty()) {
    (void)refuse(book, "a family with " + why);
    return 0;
  }
  if (type > NX_TYPE_STATESET) {
    (void)refuse(book, "a family of type " + std::to_string(type));
    return 0;
  }
  const auto [at, fresh] =
      book.families.try_emplace(std::string(view(name)), book.families.size() + 1);
  if (fresh) book.names.emplace_back(view(name));
  return at->second;
}

nx_status take(const nx_collection* c, std::uint32_t family, std::string_view suffix,
               const nx_label* labels, std::uint32_t count) {
  CollectionBook& book = book_of(c);
  if (book.kit->fails()) return NX_ERR_EXHAUSTED;
  if (family == 0) return NX_ERR_INVALID_ARGUMENT;  // a family that was refused
  if (family >= book.names.size()) return refuse(book, "a sample of a family it has not made");
  if (std::string why = bad_labels(labels, count, false); !why.empty()) return refuse(book, why);
  std::map<std::string, std::string> sorted;
  for (const nx_label& label : std::span(labels, count)) {
    if (view(label.name) == "__name__") return refuse(book, "a label __name__");
    if (!sorted.emplace(view(label.name), view(label.value)).second)
      return refuse(book, "label " + std::string(view(label.name)) + " twice in one series");
  }
  std::string text = book.names[family] + std::string(suffix);
  for (const auto& [name, value] : sorted) text += ' ' + name + '=' + value;
  ++book.samples;
  return book.series.insert(text).second ? NX_OK : refuse(book, "series " + text + " twice");
}

nx_status on_sample(const nx_collection* c, std::uint32_t family, const nx_label* labels,
                    std::uint32_t count, double, std::int64_t) {
  return take(c, family, {}, labels, count);
}

nx_status on_suffixed(const nx_collection* c, std::uint32_t family, nx_str suffix,
                      const nx_label* labels, std::uint32_t count, double, std::int64_t) {
  if (std::ranges::find(kSuffixes, view(suffix)) == kSuffixes.end()) {
    return refuse(book_of(c), "the suffix " + std::string(view(suffix)));
  }
  return take(c, family, view(suffix), labels, count);
}

nx_status on_histogram(const nx_collection* c, std::uint32_t family, const nx_label* labels,
                       std::uint32_t count, const nx_histogram* h, std::int64_t) {
  if (std::string why = bad_histogram(*h); !why.empty()) return refuse(book_of(c), why);
  return take(c, family, {}, labels, count);
}

std::uint32_t on_series_set(const nx_collection* c, const nx_series_table* table,
                            const nx_metadata*, std::uint32_t) {
  CollectionBook& book = book_of(c);
  if (book.kit->fails()) return 0;
  if (std::string why = bad_table(*table); !why.empty()) {
    (void)refuse(book, why);
    return 0;
  }
  const std::uint32_t handle = g_next_set++;
  const std::lock_guard lock(g_sets_mutex);
  g_sets[handle] = table->series_count;
  return handle;
}

nx_status on_set_values(const nx_collection* c, std::uint32_t set, const double*,
                        const std::uint8_t*, std::uint32_t count) {
  CollectionBook& book = book_of(c);
  if (book.kit->fails()) return NX_ERR_EXHAUSTED;
  const std::lock_guard lock(g_sets_mutex);
  const auto at = g_sets.find(set);
  if (set == 0) return NX_ERR_INVALID_ARGUMENT;
  if (at == g_sets.end()) return refuse(book, "values of a series set that is not there");
  if (at->second != count) return refuse(book, "another number of values than the set has series");
  book.samples += count;
  return NX_OK;
}

nx_status on_collected_batch(const nx_collection* c, const nx_sample_batch* batch, nx_error* err) {
  CollectionBook& book = book_of(c);
  if (book.kit->fails()) return sdk::fail(err, NX_ERR_EXHAUSTED, "the kit takes no samples");
  if (batch->rows != 0 && (batch->table == nullptr || batch->series == nullptr || batch->ref))
    return refuse(book, "a batch without table and series");
  nx_sample_batch timed = *batch;
  const std::vector<std::int64_t> times(batch->rows, 0);
  if (timed.t == nullptr) timed.t = times.data();
  if (std::string why = bad_batch(timed, true); !why.empty()) return refuse(book, why);
  book.samples += batch->rows;
  return NX_OK;
}

void on_drop(const nx_collection*, std::uint32_t set) {
  const std::lock_guard lock(g_sets_mutex);
  g_sets.erase(set);
}

CallResult collect_once(Session& s, CollectionBook& book) {
  const auto& table = *s.table<nx_exporter>(NX_EXPORTER_ID);
  book.kit = &s.host();
  nx_collection c{};
  c.impl = &book;
  c.deadline_mono_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                           std::chrono::steady_clock::now().time_since_epoch())
                           .count() +
                       10'000'000'000;
  c.family = &on_family;
  c.sample = &on_sample;
  c.sample_suffixed = &on_suffixed;
  c.histogram = &on_histogram;
  c.series_set = &on_series_set;
  c.set_values = &on_set_values;
  c.batch = &on_collected_batch;
  c.series_set_drop = &on_drop;
  Borrow lent = s.borrow(kCollect);
  const nx_collection* const collection = lent.make(c, "nx_collection");
  lent.seal();
  return s.call(kCollect, NX_THREAD_WORKER,
                [&](nx_error* err) { return table.collect(s.self(), collection, err); });
}

void exercise_exporter(Session& s, std::mt19937_64&) {
  CollectionBook book;
  (void)collect_once(s, book);
}

void check_emission(Case& c) {
  Session s(c, {});
  if (!s.up()) return;
  for (int i = 0; i < 3; ++i) {
    CollectionBook book;
    const CallResult result = collect_once(s, book);
    if (!result.ok()) return c.report.note("collect fails: " + result.text);
    if (result.status == NX_PARTIAL && result.text.empty()) {
      c.report.find("NXR-EXP-2", "collect returns NX_PARTIAL and does not say what is missing");
    }
    if (i == 0) c.report.note(std::to_string(book.samples) + " samples");
  }
}

constexpr std::array kExporterChecks = {Check{"exporter", "emission", &check_emission}};

}  // namespace

const KindSuite& exporter_suite() {
  static const KindSuite suite = {"exporter",      NX_EXPORTER_ID, &exercise_exporter, false, false,
                                  kExporterChecks, nullptr};
  return suite;
}

}  // namespace narthex::check
