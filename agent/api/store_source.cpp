// SPDX-License-Identifier: Apache-2.0
#include "api/store_source.hpp"

#include "api/params.hpp"
#include "api/read_ahead.hpp"

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

namespace narthex::api {

namespace {

// Into how many parts a scan is divided. One thread computes on what the others read: it does not
// keep up with many.
std::size_t parts_max() {
  constexpr unsigned kPartsMax = 4;
  static const unsigned cores = std::thread::hardware_concurrency();  // which reads a file
  return std::clamp(cores, 1u, kPartsMax);
}

class StoreCursor final : public promql::BlockCursor {
 public:
  explicit StoreCursor(store::Cursor cursor) : cursor_(std::move(cursor)) {}
  bool next() override { return cursor_.next(); }
  const nx_block& block() const override { return cursor_.block(); }
  Status status() const override { return cursor_.status(); }
  std::unique_ptr<promql::BlockCursor> split() override {
    std::optional<store::Cursor> half = cursor_.split();
    if (!half) return nullptr;
    return std::make_unique<StoreCursor>(*std::move(half));
  }

 private:
  store::Cursor cursor_;
};

}  // namespace

Result<std::unique_ptr<StoreSource>> StoreSource::open(store::Store& store,
                                                       runtime::Executor& executor) {
  Result<store::Querier> querier = store.open(kMinTimeMs, kMaxTimeMs);
  if (!querier.ok()) return querier.status();
  return std::make_unique<StoreSource>(*std::move(querier), executor);
}

Result<std::unique_ptr<promql::BlockCursor>> StoreSource::select(
    std::span<const promql::LabelMatcher> matchers, const nx_scan_opts& options) {
  std::vector<store::Matcher> compiled;
  compiled.reserve(matchers.size());
  for (const promql::LabelMatcher& m : matchers) {
    Result<store::Matcher> matcher = store::Matcher::make(m.op, m.name, m.value);
    if (!matcher.ok()) return matcher.status();
    compiled.push_back(*std::move(matcher));
  }
  Result<store::Cursor> cursor = querier_.select(compiled, options);
  if (!cursor.ok()) return cursor.status();
  return std::unique_ptr<promql::BlockCursor>(std::make_unique<ReadAhead>(
      std::make_unique<StoreCursor>(*std::move(cursor)), executor_, parts_max()));
}

}  // namespace narthex::api
