/* SPDX-License-Identifier: Apache-2.0
 *
 * narthex/storage.h - storage backends: keep series and find them.
 *
 * Written through transactions that take batches of (series reference, time, value) columns; read
 * through cursors that yield blocks of decoded columns of many series. No call a sample either way.
 *
 * Samples come in any order and for any time within the retention; the same label set is the same
 * series however it arrives. A write at a series' newest time with another value is refused
 * (NX_ROW_DUPLICATE), with the same value accepted; at an older time the last write wins.
 *
 * Nothing of the table is called before start() has returned. A backend that takes long to start
 * because it recovers tells of it in the meantime on the bus: topic "<plugin id>.recovery"
 * ("storage.tsdb.recovery"), retained, a table with "min", "max" and "current" (numbers of the
 * first and the last segment of its log, and of the one it reads), "bytes_done", "bytes_total" and
 * "done". The host makes of it GET /api/v1/status/walreplay and what the service manager is told.
 *
 * Threads: [worker] unless tagged. Different transactions, queriers and cursors run concurrently;
 * one of them is used by one thread at a time.
 */
#ifndef NARTHEX_STORAGE_H
#define NARTHEX_STORAGE_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NX_STORAGE_ID "narthex.storage/1"

typedef struct nx_txn nx_txn; /* opaque, the plugin's */
typedef struct nx_querier nx_querier;
typedef struct nx_cursor nx_cursor;

enum {
  NX_STORAGE_WRITE = 1u << 0,
  NX_STORAGE_READ = 1u << 1,
  NX_STORAGE_HISTOGRAMS = 1u << 2,
  NX_STORAGE_EXEMPLARS = 1u << 3,
  NX_STORAGE_METADATA = 1u << 4,
  NX_STORAGE_START_TIME = 1u << 5,
  NX_STORAGE_OUT_OF_ORDER = 1u << 6,
  NX_STORAGE_DELETE = 1u << 7,
  NX_STORAGE_SNAPSHOT = 1u << 8,
  NX_STORAGE_ATOMIC = 1u << 9,   /* a commit becomes visible as a whole */
  NX_STORAGE_DURABLE = 1u << 10, /* after commit a crash of the process loses nothing */
  NX_STORAGE_COHORTS = 1u << 11  /* cohort_open, cohort_close and layout are there */
};

/* ---- write
 * ------------------------------------------------------------------------------------------- */

/* A hint where to place series that are written together: those of one target, or of one sender's
 * job and instance. Never part of a series' identity. */
typedef struct nx_cohort_opts {
  uint32_t struct_size;
  uint32_t flags;
  nx_str origin;        /* "scrape:node", "remote_write": for statistics */
  const nx_label* base; /* labels that most of its series have in common, sorted */
  uint32_t base_count;
  uint32_t expected_series; /* 0: unknown */
  int64_t interval_ms;      /* between rows; 0: unknown */
} nx_cohort_opts;

enum { NX_TXN_SYNC = 1u << 0 }; /* commit returns after the fsync */

typedef struct nx_txn_opts {
  uint32_t struct_size;
  uint32_t flags; /* NX_TXN_* */
  nx_str origin;
  int64_t deadline_mono_ns;
  uint64_t cohort; /* 0: none */
} nx_txn_opts;

/* ---- read
 * -------------------------------------------------------------------------------------------- */

enum {
  NX_SCAN_SORTED = 1u << 0,     /* series in label order: by (name, value) pairs, bytewise */
  NX_SCAN_NO_SAMPLES = 1u << 1, /* labels only */
  NX_SCAN_NO_LABELS = 1u << 2,  /* series_id only */
  NX_SCAN_START_TIME = 1u << 3, /* fill in st */
  NX_SCAN_COARSE = 1u << 4,     /* samples outside [mint, maxt] do no harm */
  NX_SCAN_LAST = 1u << 5,       /* of each series the newest sample <= maxt only */
  NX_SCAN_DROP_STALE = 1u << 6  /* leave staleness markers out */
};

/* All but SORTED, DROP_STALE, NO_SAMPLES, mint, maxt, the shard and limit_series are hints. */
typedef struct nx_scan_opts {
  uint32_t struct_size;
  uint32_t flags; /* NX_SCAN_* */
  int64_t mint;   /* inclusive */
  int64_t maxt;   /* inclusive */
  int64_t step_ms;
  int64_t range_ms;
  nx_str func;           /* the function or aggregation around the selector */
  const nx_str* project; /* only these labels matter; NULL: all */
  uint32_t project_count;
  uint32_t shard_index; /* of shard_count (0: one), by a hash of the labels */
  uint32_t shard_count;
  uint32_t block_samples; /* wanted a block; 0: 1 << 20 */
  uint64_t limit_series;  /* 0: none */
  uint32_t min_series;    /* wanted a block, even if it passes block_samples; 0: 16 */
  uint32_t reserved0;
} nx_scan_opts;

enum {
  NX_BLOCK_CONTINUES = 1u << 0, /* its first series goes on where the last block's last ended */
  NX_BLOCK_SHARED_T = 1u << 1   /* all series share the time column */
};

enum {
  NX_COL_STALE = 1u << 0,    /* may hold staleness markers */
  NX_COL_MONOTONE = 1u << 1, /* never falls: no counter reset inside */
  NX_COL_CONST = 1u << 2     /* one value throughout */
};

/* Filled by next(). Sample k of series s, k in [row0[s], row1[s]), has the value v[off[s] + k] and
 * the time t[(SHARED_T ? 0 : off[s]) + k]; times ascend strictly. st and h are indexed as v is;
 * where h is set and not NX_NONE the sample is the histogram hists[h]. A series of more than
 * 1 << 22 samples in [mint, maxt] may come in pieces of at least so many, the last one excepted
 * (NX_BLOCK_CONTINUES); others come in one block. Everything is valid until the next next() or
 * cursor_close(); where `owner` is set a consumer may retain it instead. */
typedef struct nx_block {
  uint32_t struct_size;
  uint32_t flags; /* NX_BLOCK_* */
  uint32_t series_count;
  uint32_t hist_count;
  uint64_t sample_count;
  const uint64_t* series_id; /* equal id <=> equal series, within the querier */
  const uint64_t* off;       /* [series_count] */
  const uint32_t* row0;      /* [series_count] */
  const uint32_t* row1;      /* [series_count] */
  const uint8_t* col_flags;  /* [series_count] NX_COL_*; NULL: nothing is known */
  uint64_t t_rows;           /* length of t when it is shared */
  uint64_t t_id;             /* equal and not 0: the same time column, windows may be reused */
  const int64_t* t;
  const double* v;
  const int64_t* st; /* NULL: unknown */
  const uint32_t* h; /* NULL: floats only */
  const nx_histogram* hists;
  const nx_series_table* labels; /* NULL with NX_SCAN_NO_LABELS */
  nx_buffer* owner;
} nx_block;

typedef struct nx_exemplar_series {
  uint32_t struct_size;
  uint32_t label_count;
  const nx_label* labels;       /* of the series, sorted */
  const nx_exemplar* exemplars; /* ascending t; `row` means nothing here */
  uint64_t exemplar_count;
} nx_exemplar_series;

typedef void(NX_CALL* nx_exemplar_sink)(void* sink_ctx, const nx_exemplar_series* series);
typedef void(NX_CALL* nx_metadata_sink)(void* sink_ctx, const nx_metadata* items, uint64_t count);

/* ---- upkeep
 * ------------------------------------------------------------------------------------------ */

typedef struct nx_retention {
  uint32_t struct_size;
  uint32_t max_percent; /* of the file system; 0: unlimited */
  int64_t max_age_ms;   /* 0: unlimited */
  uint64_t max_bytes;   /* 0: unlimited */
} nx_retention;

enum { NX_SNAPSHOT_SKIP_HEAD = 1u << 0 };

typedef struct nx_storage {
  uint32_t struct_size;
  uint32_t reserved0;

  /* [any] NX_STORAGE_*, constant after start(). */
  uint64_t(NX_CALL* capabilities)(void* instance);

  /* -- write -- */

  nx_status(NX_CALL* begin)(void* instance, const nx_txn_opts* opts, nx_txn** out, nx_error* err);
  /* References for the series of a table, created where need be: out_ref[i], or 0 and why in
   * out_code[i] (NX_PARTIAL then). They stay good across transactions until an append answers
   * NX_ROW_UNKNOWN_REF. */
  nx_status(NX_CALL* resolve)(nx_txn* txn, const nx_series_table* table, uint64_t* out_ref,
                              uint8_t* out_code, nx_error* err);
  /* All rows by ref, or by layout. Takes every row it can; NX_PARTIAL and result tell about the
   * rest. It has read what it needs when it returns, or has retained batch->owner.
   * NX_ERR_EXHAUSTED: nothing was taken, come back later. */
  nx_status(NX_CALL* append)(nx_txn* txn, const nx_sample_batch* batch, nx_append_result* result,
                             nx_error* err);
  /* Both end the transaction, whatever commit returns; a failed commit has stored nothing. */
  nx_status(NX_CALL* commit)(nx_txn* txn, nx_append_result* result, nx_error* err);
  void(NX_CALL* rollback)(nx_txn* txn);

  /* -- read: [query], may block on the disk -- */

  /* A consistent view of [mint, maxt], both inclusive. */
  nx_status(NX_CALL* open)(void* instance, int64_t mint, int64_t maxt, nx_querier** out,
                           nx_error* err);
  void(NX_CALL* close)(nx_querier* querier);
  /* Sorted and unique over all sink calls. limit 0: none. */
  nx_status(NX_CALL* label_names)(nx_querier* querier, const nx_matcher* const* matchers,
                                  uint32_t matcher_count, uint64_t limit, nx_str_sink sink,
                                  void* sink_ctx, nx_error* err);
  nx_status(NX_CALL* label_values)(nx_querier* querier, nx_str name,
                                   const nx_matcher* const* matchers, uint32_t matcher_count,
                                   uint64_t limit, nx_str_sink sink, void* sink_ctx, nx_error* err);
  nx_status(NX_CALL* select)(nx_querier* querier, const nx_matcher* const* matchers,
                             uint32_t matcher_count, const nx_scan_opts* opts, nx_cursor** out,
                             nx_error* err);
  /* NX_OK and a block (never one without series), or NX_END. The caller sets out->struct_size.
   * NX_PARTIAL: the end too, but samples in range could not be read, and err says which: the
   * answer goes out with that as a warning. */
  nx_status(NX_CALL* next)(nx_cursor* cursor, nx_block* out, nx_error* err);
  void(NX_CALL* cursor_close)(nx_cursor* cursor);
  /* [any] A next() of the querier's cursors, running or to come, returns NX_ERR_CANCELLED. */
  void(NX_CALL* cancel)(nx_querier* querier);
  /* Of series that match any of `set_count` matcher sets; set i is sets[i][0 .. set_sizes[i]). */
  nx_status(NX_CALL* exemplars)(nx_querier* querier, const nx_matcher* const* const* sets,
                                const uint32_t* set_sizes, uint32_t set_count,
                                nx_exemplar_sink sink, void* sink_ctx, nx_error* err);
  /* Of one family, or of all when it is empty; limit counts families. */
  nx_status(NX_CALL* metadata)(nx_querier* querier, nx_str family, uint64_t limit,
                               nx_metadata_sink sink, void* sink_ctx, nx_error* err);

  /* -- upkeep -- */

  nx_status(NX_CALL* delete_series)(void* instance, const nx_matcher* const* matchers,
                                    uint32_t matcher_count, int64_t mint, int64_t maxt,
                                    nx_error* err);
  nx_status(NX_CALL* clean_deleted)(void* instance, nx_error* err);
  /* Into an existing empty folder, while writes go on. */
  nx_status(NX_CALL* snapshot)(void* instance, nx_str directory, uint32_t flags, nx_error* err);
  nx_status(NX_CALL* set_retention)(void* instance, const nx_retention* retention, nx_error* err);
  /* Upkeep in slices: called at least every 10 s, and again at once while it returns NX_OK; NX_END
   * when nothing is left. It stops at the deadline; INT64_MAX: also what is not due yet is done, so
   * that everything is durable and in its final form. */
  nx_status(NX_CALL* maintain)(void* instance, int64_t deadline_mono_ns, nx_error* err);
  /* A table with the keys of GET /api/v1/status/tsdb (headStats, seriesCountByMetricName, ...),
   * and "bytes", "min_time", "max_time"; `top` rows a ranking. */
  nx_status(NX_CALL* stats)(void* instance, uint32_t top, nx_value_sink sink, void* sink_ctx,
                            nx_error* err);

  /* -- placement, with NX_STORAGE_COHORTS -- */

  nx_status(NX_CALL* cohort_open)(void* instance, const nx_cohort_opts* opts, uint64_t* cohort,
                                  nx_error* err);
  void(NX_CALL* cohort_close)(void* instance, uint64_t cohort);
  /* Names a row of series, so that later batches need no ref column: good until an append answers
   * NX_ROW_UNKNOWN_REF, or the cohort is closed. */
  nx_status(NX_CALL* layout)(nx_txn* txn, const uint64_t* ref, uint64_t count, uint64_t* out,
                             nx_error* err);

  /* -- read, on several threads -- */

  /* Hands about half of what a cursor has still to yield to a new one: each series comes from one
   * of the two, whole. NX_END and *out as it was: there is too little left to be worth a thread,
   * or the scan cannot be divided (NX_SCAN_SORTED, limit_series, series in pieces). NULL: never. */
  nx_status(NX_CALL* split)(nx_cursor* cursor, nx_cursor** out, nx_error* err);
} nx_storage;

#ifdef __cplusplus
}
#endif
#endif /* NARTHEX_STORAGE_H */
