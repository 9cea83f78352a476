// SPDX-License-Identifier: Apache-2.0
// store_book.hpp - plain ways to write to and read from a storage under test, through its table.
// The arguments lie in pages of their own. Thread-safe as the storage is.
#pragma once

#include "check/session.hpp"

#include <narthex/sdk/labels.hpp>
#include <narthex/storage.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace narthex::check {

struct StoredSample {
  std::int64_t t = 0;
  double v = 0;
};
struct SeriesSamples {
  Labels labels;
  std::vector<StoredSample> samples;
};
// Time and the bits of the value, by the text of the labels.
using Stored = std::map<std::string, std::vector<std::pair<std::int64_t, std::uint64_t>>>;

struct MatcherText {
  std::uint32_t op;
  std::string name, value;
};

// Whether the value (empty: an absent label) is what the matcher asks for.
bool matcher_accepts(const MatcherText& matcher, std::string_view value);

struct WriteOutcome {
  CallResult result;
  std::uint64_t accepted = 0, refused = 0;
  std::vector<std::uint8_t> codes;  // NX_ROW_*, a row each
};
enum class TxnEnd { kCommit, kRollback };

struct ScanWish {
  std::uint32_t flags = NX_SCAN_SORTED;
  std::uint32_t shard_index = 0, shard_count = 0;
  std::uint64_t limit_series = 0;
  bool split = false;  // from two cursors, where it can be
};

class StoreBook {
 public:
  explicit StoreBook(Session& session)
      : session_(session), table_(*session.table<nx_storage>(NX_STORAGE_ID)) {}

  std::uint64_t capabilities();
  bool can(std::uint64_t capability) { return (capabilities() & capability) == capability; }
  // One transaction, rows series by series.
  WriteOutcome write(const std::vector<SeriesSamples>& series, TxnEnd end = TxnEnd::kCommit);
  // What matches, in [mint, maxt]. `order`: the series in the order they came.
  Stored read(const std::vector<MatcherText>& matchers, std::int64_t mint, std::int64_t maxt,
              const ScanWish& wish = {}, std::vector<std::string>* order = nullptr);
  std::vector<std::string> label_names(const std::vector<MatcherText>& matchers);
  std::vector<std::string> label_values(const std::string& name);
  CallResult erase(const std::vector<MatcherText>& matchers, std::int64_t mint, std::int64_t maxt);
  CallResult maintain(std::int64_t deadline_mono_ns);
  // True when it gave one table.
  bool stats();
  const nx_storage& table() const { return table_; }

 private:
  const nx_matcher* const* lend(Borrow& lent, const std::vector<MatcherText>& matchers);
  void take_block(const nx_block& block, const ScanWish& wish, Stored& into,
                  std::vector<std::string>* order);
  void walk(nx_cursor* cursor, const ScanWish& wish, Stored& into, std::vector<std::string>* order);
  template <class Use>
  void with_querier(std::int64_t mint, std::int64_t maxt, const Use& use);

  Session& session_;
  const nx_storage& table_;
};

}  // namespace narthex::check
