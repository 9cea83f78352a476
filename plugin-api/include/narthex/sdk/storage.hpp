// SPDX-License-Identifier: Apache-2.0
// storage.hpp - storage backends in C++: three small interfaces for what a call hands out, and an
// adapter that makes the nx_storage table of a class.
//
// The class T has, beside what component.hpp asks for:
//   std::uint64_t capabilities() const;
//   std::unique_ptr<StorageTxn> begin(const nx_txn_opts&);
//   std::unique_ptr<StorageQuerier> open(std::int64_t min_t, std::int64_t max_t);
//   Status delete_series(Matchers, std::int64_t min_t, std::int64_t max_t);
//   Status clean_deleted();   Status snapshot(std::string_view directory, std::uint32_t flags);
//   Status set_retention(const nx_retention&);
//   nx_status maintain(std::int64_t deadline_mono_ns);   // NX_OK: call again, NX_END: done
//   nx_value stats(std::uint32_t top, TreeArena&);
//   Result<std::uint64_t> cohort_open(const nx_cohort_opts&);   void cohort_close(std::uint64_t);
// Failures are Status or sdk::Error; threads are as narthex/storage.h says.
#pragma once

#include <narthex/sdk/component.hpp>
#include <narthex/storage.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace narthex::sdk {

using Matchers = std::span<const nx_matcher* const>;

// Where a querier pushes sorted texts.
struct StrSink {
  nx_str_sink call;
  void* context;
  void operator()(std::span<const nx_str> items) const {
    call(context, items.data(), items.size());
  }
};

class StorageTxn {
 public:
  virtual ~StorageTxn() = default;  // rolls back what was not committed
  virtual nx_status resolve(const nx_series_table& table, std::uint64_t* refs,
                            std::uint8_t* codes) = 0;
  // Both fill result in; NX_OK or NX_PARTIAL.
  virtual nx_status append(const nx_sample_batch& batch, nx_append_result& result) = 0;
  virtual nx_status commit(nx_append_result& result) = 0;
  virtual std::uint64_t layout(std::span<const std::uint64_t> refs) = 0;
};

class StorageCursor {
 public:
  virtual ~StorageCursor() = default;
  virtual nx_status next(nx_block& out) = 0;  // NX_OK, NX_END, or an error by sdk::Error
  // Asked at the end: which samples in range could not be read. Empty: none.
  virtual std::string missing() const { return {}; }
  // A cursor over about half of what this one has left; null: it stays whole.
  virtual std::unique_ptr<StorageCursor> split() { return nullptr; }
};

class StorageQuerier {
 public:
  virtual ~StorageQuerier() = default;
  virtual void label_names(Matchers matchers, std::uint64_t limit, StrSink sink) = 0;
  virtual void label_values(std::string_view name, Matchers matchers, std::uint64_t limit,
                            StrSink sink) = 0;
  virtual std::unique_ptr<StorageCursor> select(Matchers matchers, const nx_scan_opts& opts) = 0;
  virtual void cancel() = 0;
  virtual void exemplars(std::span<const Matchers> sets, nx_exemplar_sink sink, void* context) = 0;
  virtual void metadata(std::string_view family, std::uint64_t limit, nx_metadata_sink sink,
                        void* context) = 0;
};

template <class T>
struct Storage {
  static const nx_component* component() {
    static const nx_storage table = make_table();
    static const nx_interface interfaces[] = {{NX_STR(NX_STORAGE_ID), &table}};
    static const nx_component component = describe<T>(interfaces);
    return &component;
  }

 private:
  static T& self(void* instance) { return *static_cast<T*>(instance); }
  // The ABI's opaque handles are the interfaces above.
  static StorageTxn& txn(nx_txn* t) { return *reinterpret_cast<StorageTxn*>(t); }
  static StorageQuerier& querier(nx_querier* q) { return *reinterpret_cast<StorageQuerier*>(q); }
  static StorageCursor& cursor(nx_cursor* c) { return *reinterpret_cast<StorageCursor*>(c); }
  // Runs f on the caller's result, or on one of our own.
  template <class F>
  static nx_status with_result(nx_append_result* given, F&& f) {
    nx_append_result own{};
    own.struct_size = sizeof own;
    return f(given != nullptr ? *given : own);
  }

  static nx_storage make_table() {
    nx_storage s{};
    s.struct_size = sizeof s;
    add_writing(s);
    add_reading(s);
    add_upkeep(s);
    return s;
  }

  static void add_writing(nx_storage& s) {
    s.capabilities = [](void* i) -> std::uint64_t { return self(i).capabilities(); };
    s.begin = [](void* i, const nx_txn_opts* opts, nx_txn** out, nx_error* err) {
      return guard(err, [&] { *out = reinterpret_cast<nx_txn*>(self(i).begin(*opts).release()); });
    };
    s.resolve = [](nx_txn* t, const nx_series_table* table, std::uint64_t* refs,
                   std::uint8_t* codes, nx_error* err) {
      return guard(err, [&] { return txn(t).resolve(*table, refs, codes); });
    };
    s.append = [](nx_txn* t, const nx_sample_batch* batch, nx_append_result* result,
                  nx_error* err) {
      return guard(err, [&] {
        return with_result(result, [&](nx_append_result& r) { return txn(t).append(*batch, r); });
      });
    };
    s.commit = [](nx_txn* t, nx_append_result* result, nx_error* err) {
      const std::unique_ptr<StorageTxn> ended(&txn(t));
      return guard(err, [&] {
        return with_result(result, [&](nx_append_result& r) { return ended->commit(r); });
      });
    };
    s.rollback = [](nx_txn* t) { std::unique_ptr<StorageTxn>(&txn(t)).reset(); };
    s.layout = [](nx_txn* t, const std::uint64_t* ref, std::uint64_t count, std::uint64_t* out,
                  nx_error* err) {
      return guard(err, [&] { *out = txn(t).layout(std::span(ref, count)); });
    };
    s.cohort_open = [](void* i, const nx_cohort_opts* opts, std::uint64_t* out, nx_error* err) {
      return guard(err, [&]() -> Status {
        const Result<std::uint64_t> opened = self(i).cohort_open(*opts);
        if (opened.ok()) *out = *opened;
        return opened.status();
      });
    };
    s.cohort_close = [](void* i, std::uint64_t cohort) {
      (void)guard(nullptr, [&] { self(i).cohort_close(cohort); });
    };
  }

  static void add_reading(nx_storage& s) {
    s.open = [](void* i, std::int64_t min_t, std::int64_t max_t, nx_querier** out, nx_error* err) {
      return guard(
          err, [&] { *out = reinterpret_cast<nx_querier*>(self(i).open(min_t, max_t).release()); });
    };
    s.close = [](nx_querier* q) { std::unique_ptr<StorageQuerier>(&querier(q)).reset(); };
    s.label_names = [](nx_querier* q, const nx_matcher* const* m, std::uint32_t count,
                       std::uint64_t limit, nx_str_sink sink, void* context, nx_error* err) {
      return guard(err, [&] { querier(q).label_names({m, count}, limit, {sink, context}); });
    };
    s.label_values = [](nx_querier* q, nx_str name, const nx_matcher* const* m, std::uint32_t count,
                        std::uint64_t limit, nx_str_sink sink, void* context, nx_error* err) {
      return guard(err, [&] {
        querier(q).label_values(view(name), {m, count}, limit, {sink, context});
      });
    };
    s.select = [](nx_querier* q, const nx_matcher* const* m, std::uint32_t count,
                  const nx_scan_opts* opts, nx_cursor** out, nx_error* err) {
      return guard(err, [&] {
        *out = reinterpret_cast<nx_cursor*>(querier(q).select({m, count}, *opts).release());
      });
    };
    s.next = [](nx_cursor* c, nx_block* out, nx_error* err) {
      return guard(err, [&]() -> Status {
        const nx_status code = cursor(c).next(*out);
        if (code != NX_END) return Status(code, {});
        std::string missing = cursor(c).missing();
        return missing.empty() ? Status(NX_END, {}) : Status(NX_PARTIAL, std::move(missing));
      });
    };
    s.split = [](nx_cursor* c, nx_cursor** out, nx_error* err) {
      return guard(err, [&]() -> nx_status {
        std::unique_ptr<StorageCursor> half = cursor(c).split();
        if (half == nullptr) return NX_END;
        *out = reinterpret_cast<nx_cursor*>(half.release());
        return NX_OK;
      });
    };
    s.cursor_close = [](nx_cursor* c) { std::unique_ptr<StorageCursor>(&cursor(c)).reset(); };
    s.cancel = [](nx_querier* q) { querier(q).cancel(); };
    s.exemplars = [](nx_querier* q, const nx_matcher* const* const* sets,
                     const std::uint32_t* sizes, std::uint32_t count, nx_exemplar_sink sink,
                     void* context, nx_error* err) {
      return guard(err, [&] {
        std::vector<Matchers> spans;
        for (std::uint32_t i = 0; i < count; ++i) spans.emplace_back(sets[i], sizes[i]);
        querier(q).exemplars(spans, sink, context);
      });
    };
    s.metadata = [](nx_querier* q, nx_str family, std::uint64_t limit, nx_metadata_sink sink,
                    void* context, nx_error* err) {
      return guard(err, [&] { querier(q).metadata(view(family), limit, sink, context); });
    };
  }

  static void add_upkeep(nx_storage& s) {
    s.delete_series = [](void* i, const nx_matcher* const* m, std::uint32_t count,
                         std::int64_t min_t, std::int64_t max_t, nx_error* err) {
      return guard(err, [&] { return self(i).delete_series({m, count}, min_t, max_t); });
    };
    s.clean_deleted = [](void* i, nx_error* err) {
      return guard(err, [&] { return self(i).clean_deleted(); });
    };
    s.snapshot = [](void* i, nx_str directory, std::uint32_t flags, nx_error* err) {
      return guard(err, [&] { return self(i).snapshot(view(directory), flags); });
    };
    s.set_retention = [](void* i, const nx_retention* retention, nx_error* err) {
      return guard(err, [&] { return self(i).set_retention(*retention); });
    };
    s.maintain = [](void* i, std::int64_t deadline_mono_ns, nx_error* err) {
      return guard(err, [&]() -> nx_status { return self(i).maintain(deadline_mono_ns); });
    };
    s.stats = [](void* i, std::uint32_t top, nx_value_sink sink, void* context, nx_error* err) {
      return guard(err, [&] {
        TreeArena arena;
        const nx_value tree = self(i).stats(top, arena);
        sink(context, &tree);
      });
    };
  }
};

}  // namespace narthex::sdk
