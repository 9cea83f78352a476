// SPDX-License-Identifier: Apache-2.0
// store.hpp - the one face over the storage plugin: append, select, delete, statistics. Nobody else
// in the agent touches nx_storage.
//
// Threads: Store is thread-safe. An Appender, Querier or Cursor is used by one thread at a time;
// different ones run concurrently.
#pragma once

#include "host/instance.hpp"
#include "store/matcher.hpp"
#include "store/options.hpp"
#include "store/tap.hpp"

#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/result.hpp>
#include <narthex/sdk/value.hpp>
#include <narthex/storage.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::store {

// An endpoint of remote_read: an instance that offers NX_STORAGE_ID for reading.
struct RemoteRead {
  std::shared_ptr<host::Instance> instance;
  RemoteReadOptions options;
  // Sorted. Asked for as matchers and taken off the answers, unless the options say otherwise.
  std::vector<std::pair<std::string, std::string>> external_labels;
};

struct AppendOptions {
  std::string_view origin;  // "scrape:node"
  std::int64_t deadline_mono_ns = 0;
  std::uint64_t cohort = 0;
};

// A transaction. Rolled back when it dies without commit().
class Appender {
 public:
  Appender(Appender&&) noexcept;
  Appender& operator=(Appender&&) = delete;
  ~Appender();

  // References of the series of a table: refs[i], or 0 with a reason in codes[i] (NX_ROW_*).
  Status resolve(const nx_series_table& table, std::span<std::uint64_t> refs,
                 std::span<std::uint8_t> codes);
  // All rows by ref or layout. OK also when rows were refused: result has counts and codes. The
  // caller sets result.struct_size and, if it wants them, row_code.
  Status append(const nx_sample_batch& batch, nx_append_result& result);
  // Registers a row of series so that later batches need no ref column; 0 when the backend has
  // none.
  Result<std::uint64_t> layout(std::span<const std::uint64_t> refs);
  // Ends it. On failure nothing was stored.
  Status commit(nx_append_result& result);

 private:
  friend class Store;
  struct Impl;
  Status append_unseen(const nx_sample_batch& batch, nx_append_result& result);
  explicit Appender(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class CursorSource;

// Walks blocks of columns. The block is valid until the next next().
class Cursor {
 public:
  explicit Cursor(std::unique_ptr<CursorSource> source);
  Cursor(Cursor&&) noexcept;
  ~Cursor();
  bool next();  // false at the end and after an error: ask status()
  // One that yields about half of what this one has left, for another thread; none: there is too
  // little, or the storage does not divide it.
  std::optional<Cursor> split();
  const nx_block& block() const;
  const Status& status() const;

 private:
  std::unique_ptr<CursorSource> source_;
};

// A consistent view of a time range, and what the endpoints of remote_read have to add to it.
class Querier {
 public:
  Querier(Querier&&) noexcept;
  ~Querier();

  // Sorted, unique; limit 0: none.
  Result<std::vector<std::string>> label_names(std::span<const Matcher> matchers,
                                               std::uint64_t limit);
  Result<std::vector<std::string>> label_values(std::string_view name,
                                                std::span<const Matcher> matchers,
                                                std::uint64_t limit);
  // opts.struct_size is set here.
  Result<Cursor> select(std::span<const Matcher> matchers, nx_scan_opts opts);
  // What could not be read from other servers so far. The selects went on without it.
  std::vector<std::string> warnings() const;
  Status exemplars(const std::vector<std::vector<Matcher>>& sets,
                   const std::function<void(const nx_exemplar_series&)>& use);
  Status metadata(std::string_view family, std::uint64_t limit,
                  const std::function<void(std::span<const nx_metadata>)>& use);
  void cancel();  // [any]

 private:
  friend class Store;
  struct Impl;
  explicit Querier(std::shared_ptr<Impl> impl);
  // An endpoint that fails is left out and told in warnings(); a storage that fails fails.
  Result<Cursor> select_everywhere(std::span<const Matcher> matchers, const nx_scan_opts& opts);
  std::shared_ptr<Impl> impl_;
};

class Store {
 public:
  // The instance offers NX_STORAGE_ID. Nothing else is called before it has been started.
  explicit Store(std::shared_ptr<host::Instance> storage);
  ~Store();

  std::uint64_t capabilities() const;
  // Who sees what transactions store that begin from now on; none: nobody.
  void set_tap(std::shared_ptr<Tap> tap);
  Result<Appender> begin(const AppendOptions& options);
  Result<Querier> open(std::int64_t min_t_ms, std::int64_t max_t_ms);
  // The same without other servers: what is here.
  Result<Querier> open_local(std::int64_t min_t_ms, std::int64_t max_t_ms);
  // Queriers opened from now on ask these, too.
  void set_remote_reads(std::vector<RemoteRead> reads);

  Result<std::uint64_t> cohort_open(std::string_view origin, const Labels& base,
                                    std::uint32_t expected_series, std::int64_t interval_ms);
  void cohort_close(std::uint64_t cohort);

  Status delete_series(std::span<const Matcher> matchers, std::int64_t min_t_ms,
                       std::int64_t max_t_ms);
  Status clean_deleted();
  Status snapshot(std::string_view directory, bool skip_head);
  Status set_retention(const RetentionOptions& options);
  // One slice of upkeep; false when nothing is left.
  bool maintain(std::int64_t deadline_mono_ns);
  // The same, with the failure of a slice.
  Result<bool> try_maintain(std::int64_t deadline_mono_ns);
  Status stats(std::uint32_t top, const std::function<void(sdk::Value)>& use) const;

 private:
  void note_local_range();

  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace narthex::store
