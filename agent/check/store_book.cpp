// SPDX-License-Identifier: Apache-2.0
#include "check/store_book.hpp"

#include "check/data_rules.hpp"

#include <bit>
#include <regex>

namespace narthex::check {
namespace {

constexpr const char* kBegin = NX_STORAGE_ID ".begin";
constexpr const char* kResolve = NX_STORAGE_ID ".resolve";
constexpr const char* kAppendRows = NX_STORAGE_ID ".append";
constexpr const char* kCommit = NX_STORAGE_ID ".commit";
constexpr const char* kRollback = NX_STORAGE_ID ".rollback";
constexpr const char* kOpen = NX_STORAGE_ID ".open";
constexpr const char* kSelect = NX_STORAGE_ID ".select";
constexpr const char* kNext = NX_STORAGE_ID ".next";
constexpr const char* kSplit = NX_STORAGE_ID ".split";

bool matches(std::uint32_t op, std::string_view wanted, std::string_view text) {
  switch (op) {
    case NX_MATCH_EQ:
      return text == wanted;
    case NX_MATCH_NE:
      return text != wanted;
    default:
      return std::regex_match(std::string(text), std::regex(std::string(wanted))) ==
             (op == NX_MATCH_RE);
  }
}

void on_match(const nx_matcher* self, const nx_str* values, std::uint64_t count,
              std::uint8_t* out) {
  for (std::uint64_t i = 0; i < count; ++i)
    out[i] = matches(self->op, view(self->value), view(values[i])) ? 1 : 0;
}

// The label sets of some series as a table, in memory of its own.
struct OwnTable {
  explicit OwnTable(const std::vector<SeriesSamples>& series) {
    for (const SeriesSamples& each : series) {
      for (const auto& [name, value] : each.labels) {
        for (const std::string& text : {name, value}) {
          refs.push_back(static_cast<std::uint32_t>(texts.size()));
          texts.push_back(text);
        }
      }
      offsets.push_back(static_cast<std::uint32_t>(refs.size() / 2));
    }
    for (const std::string& text : texts) symbols.push_back(to_nx(text));
  }
  nx_series_table view_of() const {
    nx_series_table table{};
    table.series_count = static_cast<std::uint32_t>(offsets.size() - 1);
    table.symbol_count = static_cast<std::uint32_t>(symbols.size());
    table.symbols = symbols.data();
    table.label_ref = refs.data();
    table.label_off = offsets.data();
    return table;
  }
  std::vector<std::string> texts;
  std::vector<nx_str> symbols;
  std::vector<std::uint32_t> refs;
  std::vector<std::uint32_t> offsets{0};
};

void collect_texts(void* ctx, const nx_str* items, std::uint64_t count) {
  auto& list = *static_cast<std::vector<std::string>*>(ctx);
  for (std::uint64_t i = 0; i < count; ++i) list.emplace_back(view(items[i]));
}

}  // namespace

bool matcher_accepts(const MatcherText& matcher, std::string_view value) {
  return matches(matcher.op, matcher.value, value);
}

std::uint64_t StoreBook::capabilities() {
  std::uint64_t bits = 0;
  (void)session_.call(NX_STORAGE_ID ".capabilities", NX_THREAD_WORKER, [&](nx_error*) {
    bits = table_.capabilities(session_.self());
    return NX_OK;
  });
  return bits;
}

WriteOutcome StoreBook::write(const std::vector<SeriesSamples>& series, TxnEnd end) {
  WriteOutcome outcome;
  nx_txn* txn = nullptr;
  Borrow lent = session_.borrow(kAppendRows);
  nx_txn_opts opts{};
  opts.origin = lent.text("kit", "the origin");
  opts.flags = lent.odd_flags();
  opts.deadline_mono_ns = INT64_MAX;
  const nx_txn_opts* const lent_opts = lent.make(opts, "nx_txn_opts");
  outcome.result = session_.call(kBegin, NX_THREAD_WORKER, [&](nx_error* err) {
    return table_.begin(session_.self(), lent_opts, &txn, err);
  });
  if (!outcome.result.ok()) return outcome;

  const OwnTable own(series);
  const nx_series_table* const labels = lent.table(own.view_of(), "the series table");
  std::vector<std::uint64_t> refs(series.size(), 0);
  std::vector<std::uint8_t> why(series.size(), 0);
  outcome.result = session_.call(kResolve, NX_THREAD_WORKER, [&](nx_error* err) {
    return table_.resolve(txn, labels, refs.data(), why.data(), err);
  });
  std::vector<std::uint64_t> ref;
  std::vector<std::int64_t> t;
  std::vector<double> v;
  for (std::size_t s = 0; s < series.size(); ++s) {
    for (const StoredSample& sample : series[s].samples) {
      ref.push_back(refs[s]);
      t.push_back(sample.t);
      v.push_back(sample.v);
    }
  }
  nx_sample_batch batch{};
  batch.rows = ref.size();
  batch.ref = lent.array(ref, "the references");
  batch.t = lent.array(t, "the times");
  batch.v = lent.array(v, "the values");
  const nx_sample_batch* const lent_batch = lent.make(batch, "nx_sample_batch");
  const auto result_of = [&] {
    auto* const result = lent.out<nx_append_result>("nx_append_result");
    const std::uint32_t size = result->struct_size;
    std::memset(static_cast<void*>(result), 0, sizeof *result);
    result->struct_size = size;
    return result;
  };
  nx_append_result* const appended = result_of();
  outcome.codes.resize(ref.size());
  appended->row_code = outcome.codes.data();
  nx_append_result* const committed = result_of();
  lent.seal();
  if (outcome.result.ok()) {
    outcome.result = session_.call(kAppendRows, NX_THREAD_WORKER, [&](nx_error* err) {
      return table_.append(txn, lent_batch, appended, err);
    });
    outcome.accepted = appended->accepted;
    outcome.refused = appended->refused;
  }
  if (outcome.result.ok() && end == TxnEnd::kCommit) {
    const CallResult done = session_.call(kCommit, NX_THREAD_WORKER, [&](nx_error* err) {
      return table_.commit(txn, committed, err);
    });
    if (!done.ok()) outcome.result = done;
    return outcome;
  }
  (void)session_.call(kRollback, NX_THREAD_WORKER, [&](nx_error*) {
    table_.rollback(txn);
    return NX_OK;
  });
  return outcome;
}

const nx_matcher* const* StoreBook::lend(Borrow& lent, const std::vector<MatcherText>& matchers) {
  std::vector<const nx_matcher*> list;
  for (const MatcherText& each : matchers) {
    nx_matcher m{};
    m.op = each.op;
    m.name = lent.text(each.name, "a matcher's name");
    m.value = lent.text(each.value, "a matcher's value");
    m.match = &on_match;
    m.matches_empty = matches(m.op, each.value, "") ? 1 : 0;
    list.push_back(lent.make(m, "nx_matcher"));
  }
  return lent.array(list, "the matchers");
}

template <class Use>
void StoreBook::with_querier(std::int64_t mint, std::int64_t maxt, const Use& use) {
  nx_querier* querier = nullptr;
  const CallResult opened = session_.call(kOpen, NX_THREAD_QUERY, [&](nx_error* err) {
    return table_.open(session_.self(), mint, maxt, &querier, err);
  });
  if (!opened.ok()) return;
  use(querier);
  (void)session_.call(NX_STORAGE_ID ".close", NX_THREAD_QUERY, [&](nx_error*) {
    table_.close(querier);
    return NX_OK;
  });
}

void StoreBook::take_block(const nx_block& b, const ScanWish& wish, Stored& into,
                           std::vector<std::string>* order) {
  Reporter& report = session_.report();
  if (b.series_count == 0) return report.find("NXR-STO-1", "next yields a block without series");
  if (b.labels == nullptr) return report.find("NXR-STO-1", "a block has no labels");
  if (std::string why = bad_table(*b.labels); !why.empty()) {
    return report.find("NXR-STO-1", "a block has " + why);
  }
  for (std::uint32_t s = 0; s < b.series_count; ++s) {
    const std::string name = series_text(*b.labels, s);
    auto& samples = into[name];
    if (order != nullptr && (order->empty() || order->back() != name)) order->push_back(name);
    if ((wish.flags & NX_SCAN_NO_SAMPLES) != 0) continue;
    for (std::uint32_t k = b.row0[s]; k < b.row1[s]; ++k) {
      const std::int64_t t = b.t[((b.flags & NX_BLOCK_SHARED_T) != 0 ? 0 : b.off[s]) + k];
      if (!samples.empty() && samples.back().first >= t) {
        report.find("NXR-STO-1", "times of " + name + " do not ascend");
      }
      samples.emplace_back(t, std::bit_cast<std::uint64_t>(b.v[b.off[s] + k]));
    }
  }
}

Stored StoreBook::read(const std::vector<MatcherText>& matchers, std::int64_t mint,
                       std::int64_t maxt, const ScanWish& wish, std::vector<std::string>* order) {
  Stored stored;
  with_querier(mint, maxt, [&](nx_querier* querier) {
    Borrow lent = session_.borrow(kSelect);
    const nx_matcher* const* const list = lend(lent, matchers);
    nx_scan_opts opts{};
    opts.flags = wish.flags | lent.odd_flags();
    opts.mint = mint;
    opts.maxt = maxt;
    opts.shard_index = wish.shard_index;
    opts.shard_count = wish.shard_count;
    opts.limit_series = wish.limit_series;
    const nx_scan_opts* const lent_opts = lent.make(opts, "nx_scan_opts");
    lent.seal();
    nx_cursor* cursor = nullptr;
    const CallResult selected = session_.call(kSelect, NX_THREAD_QUERY, [&](nx_error* err) {
      return table_.select(querier, list, static_cast<std::uint32_t>(matchers.size()), lent_opts,
                           &cursor, err);
    });
    if (!selected.ok()) return;
    nx_cursor* half = nullptr;
    if (wish.split && NX_HAS_FN(&table_, nx_storage, split)) {
      const CallResult result = session_.call(
          kSplit, NX_THREAD_QUERY, [&](nx_error* err) { return table_.split(cursor, &half, err); });
      if ((result.status == NX_OK) != (half != nullptr)) {
        session_.report().find("NXR-STO-2", "split and its cursor do not go together");
      }
    }
    walk(cursor, wish, stored, order);
    if (half != nullptr) walk(half, wish, stored, order);
  });
  return stored;
}

// To its end, and closes it.
void StoreBook::walk(nx_cursor* cursor, const ScanWish& wish, Stored& into,
                     std::vector<std::string>* order) {
  for (;;) {
    Borrow page = session_.borrow(kNext);
    nx_block* const block = page.out<nx_block>("nx_block");
    const std::uint32_t size = block->struct_size;
    const CallResult result = session_.call(
        kNext, NX_THREAD_QUERY, [&](nx_error* err) { return table_.next(cursor, block, err); });
    if (result.status == NX_PARTIAL && result.text.empty()) {
      session_.report().find("NXR-ERR-1",
                             "next ends with NX_PARTIAL and does not say what is missing");
    }
    if (result.status != NX_OK) break;
    if (block->struct_size != size) {
      session_.report().find("NXR-VER-1", "next changes nx_block::struct_size");
    }
    take_block(*block, wish, into, order);
  }
  (void)session_.call(NX_STORAGE_ID ".cursor_close", NX_THREAD_QUERY, [&](nx_error*) {
    table_.cursor_close(cursor);
    return NX_OK;
  });
}

std::vector<std::string> StoreBook::label_names(const std::vector<MatcherText>& matchers) {
  std::vector<std::string> names;
  with_querier(0, INT64_MAX, [&](nx_querier* querier) {
    Borrow lent = session_.borrow(NX_STORAGE_ID ".label_names");
    const nx_matcher* const* const list = lend(lent, matchers);
    lent.seal();
    (void)session_.call(NX_STORAGE_ID ".label_names", NX_THREAD_QUERY, [&](nx_error* err) {
      return table_.label_names(querier, list, static_cast<std::uint32_t>(matchers.size()), 0,
                                &collect_texts, &names, err);
    });
  });
  return names;
}

std::vector<std::string> StoreBook::label_values(const std::string& name) {
  std::vector<std::string> values;
  with_querier(0, INT64_MAX, [&](nx_querier* querier) {
    Borrow lent = session_.borrow(NX_STORAGE_ID ".label_values");
    const nx_str text = lent.text(name, "the label's name");
    lent.seal();
    (void)session_.call(NX_STORAGE_ID ".label_values", NX_THREAD_QUERY, [&](nx_error* err) {
      return table_.label_values(querier, text, nullptr, 0, 0, &collect_texts, &values, err);
    });
  });
  return values;
}

CallResult StoreBook::erase(const std::vector<MatcherText>& matchers, std::int64_t mint,
                            std::int64_t maxt) {
  Borrow lent = session_.borrow(NX_STORAGE_ID ".delete_series");
  const nx_matcher* const* const list = lend(lent, matchers);
  lent.seal();
  return session_.call(NX_STORAGE_ID ".delete_series", NX_THREAD_WORKER, [&](nx_error* err) {
    return table_.delete_series(session_.self(), list, static_cast<std::uint32_t>(matchers.size()),
                                mint, maxt, err);
  });
}

CallResult StoreBook::maintain(std::int64_t deadline_mono_ns) {
  return session_.call(NX_STORAGE_ID ".maintain", NX_THREAD_WORKER, [&](nx_error* err) {
    return table_.maintain(session_.self(), deadline_mono_ns, err);
  });
}

bool StoreBook::stats() {
  int tables = 0;
  (void)session_.call(NX_STORAGE_ID ".stats", NX_THREAD_WORKER, [&](nx_error* err) {
    return table_.stats(
        session_.self(), 5,
        [](void* ctx, const nx_value* value) {
          if (value->type == NX_TABLE) ++*static_cast<int*>(ctx);
        },
        &tables, err);
  });
  return tables == 1;
}

}  // namespace narthex::check
