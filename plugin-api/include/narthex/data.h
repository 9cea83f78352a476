/* SPDX-License-Identifier: Apache-2.0
 *
 * narthex/data.h - labels, samples, histograms, exemplars, metadata and matchers, as columns.
 *
 * A batch is a view: parallel arrays plus one `owner` that keeps them alive. It crosses the border
 * in one call and, if it is kept, for one reference; never a call or a copy a sample. The arrays
 * are laid out as Arrow's primitive arrays are.
 *
 * Values are bits. NaN payloads mean something (NX_STALE_NAN_BITS): move `v` with loads, stores and
 * memcpy; never through arithmetic when it is only passed on.
 */
#ifndef NARTHEX_DATA_H
#define NARTHEX_DATA_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NX_NONE UINT32_MAX
#define NX_STALE_NAN_BITS UINT64_C(0x7ff0000000000002)
#define NX_NORMAL_NAN_BITS UINT64_C(0x7ff8000000000001)

/* ---- labels -------------------------------------------------------------------------------- */

typedef struct nx_label { /* FROZEN */
  nx_str name;
  nx_str value;
} nx_label;

/* The label sets of many series over one symbol table (the shape of Remote Write 2.0). Symbols may
 * be slices of a body, may repeat, need no order. Series s owns the pairs label_off[s] up to, not
 * including, label_off[s + 1]; pair p is symbols[label_ref[2 p]] = symbols[label_ref[2 p + 1]].
 * Within a series: sorted by name (bytes), names unique, no empty value (but for parsers: see
 * nx_parser::labels), "__name__" included. */
typedef struct nx_series_table {
  uint32_t struct_size;
  uint32_t series_count;
  uint32_t symbol_count;
  uint32_t reserved0;
  const nx_str* symbols;
  const uint32_t* label_ref;
  const uint32_t* label_off; /* [series_count + 1] */
  const uint32_t* symbol_id; /* NULL, or [symbol_count]: equal id <=> equal text within a querier */
} nx_series_table;

/* ---- native histograms ----------------------------------------------------------------------- */

typedef struct nx_span { /* FROZEN */
  int32_t offset;        /* of its first bucket: absolute for the first span, then a gap */
  uint32_t length;
} nx_span;

typedef union nx_count { /* FROZEN */
  uint64_t u;            /* integer histograms */
  double f;              /* float histograms */
} nx_count;

typedef union nx_buckets { /* FROZEN */
  const int64_t* deltas;   /* integer histograms: first absolute, then differences */
  const double* counts;    /* float histograms: absolute */
} nx_buckets;

enum { NX_RESET_UNKNOWN = 0, NX_RESET_YES = 1, NX_RESET_NO = 2, NX_RESET_GAUGE = 3 };
#define NX_SCHEMA_CUSTOM (-53) /* custom buckets: upper bounds in custom_values, +Inf implied */

/* One native histogram sample. A stale-NaN `sum` marks staleness. */
typedef struct nx_histogram { /* FROZEN, 104 bytes */
  int32_t schema;             /* -4..8, or NX_SCHEMA_CUSTOM */
  uint8_t is_float;
  uint8_t reset_hint; /* NX_RESET_* */
  uint16_t reserved0;
  double zero_threshold;
  nx_count zero_count;
  nx_count count;
  double sum;
  uint32_t pos_span_count;
  uint32_t neg_span_count;
  uint32_t pos_bucket_count;
  uint32_t neg_bucket_count;
  uint32_t custom_value_count;
  uint32_t reserved1;
  const nx_span* pos_spans;
  const nx_span* neg_spans;
  nx_buckets pos;
  nx_buckets neg;
  const double* custom_values;
} nx_histogram;

/* ---- exemplars, metadata ----------------------------------------------------------------------
 */

enum { NX_EXEMPLAR_HAS_T = 1u << 0 };

typedef struct nx_exemplar { /* FROZEN */
  uint64_t row;              /* of the batch */
  int64_t t;                 /* with NX_EXEMPLAR_HAS_T, else that of the row */
  double v;
  const nx_label* labels;
  uint32_t label_count;
  uint32_t flags; /* NX_EXEMPLAR_* */
} nx_exemplar;

enum {
  NX_TYPE_UNKNOWN = 0,
  NX_TYPE_COUNTER = 1,
  NX_TYPE_GAUGE = 2,
  NX_TYPE_HISTOGRAM = 3,
  NX_TYPE_GAUGEHISTOGRAM = 4,
  NX_TYPE_SUMMARY = 5,
  NX_TYPE_INFO = 6,
  NX_TYPE_STATESET = 7
};

/* Type, unit and help of a family; of one series where `ref`, or else `series` (an index into the
 * batch's table, NX_NONE: none), names one. */
typedef struct nx_metadata { /* FROZEN */
  uint64_t ref;
  uint32_t series;
  uint32_t type; /* NX_TYPE_* */
  nx_str family;
  nx_str unit;
  nx_str help;
} nx_metadata;

/* ---- the sample batch -------------------------------------------------------------------------
 */

enum {
  NX_BATCH_ONE_T = 1u << 0,      /* t[0] is the time of every row (a scrape) */
  NX_BATCH_BY_SERIES = 1u << 1,  /* rows of a series are adjacent, t ascending */
  NX_BATCH_REJECT_OOO = 1u << 2, /* refuse what is older than the series' newest sample */
  NX_BATCH_NO_EXEMPLARS = 1u << 3
};

/* Row r belongs to series ref[r]; where ref is NULL or ref[r] is 0, to table series `series[r]`;
 * with a layout, to series r of that layout (ref, series and table are NULL then). Its time is
 * t[r], its start time st[r] (0: unknown), its value v[r], or hists[h[r]] where h is set and h[r]
 * is not NX_NONE. Where v and h are both NULL the rows carry exemplars only: no sample is written.
 */
typedef struct nx_sample_batch {
  uint32_t struct_size;
  uint32_t flags; /* NX_BATCH_* */
  uint64_t rows;
  const uint64_t* ref;
  const uint32_t* series;
  const nx_series_table* table;
  const int64_t* t;
  const int64_t* st; /* NULL: none known */
  const double* v;   /* 0.0 in histogram rows */
  const uint32_t* h; /* NULL: floats only */
  const nx_histogram* hists;
  const nx_exemplar* exemplars; /* ascending by row */
  const nx_metadata* meta;
  uint32_t hist_count;
  uint32_t exemplar_count;
  uint32_t meta_count;
  uint32_t reserved0;
  nx_buffer* owner;        /* keeps every pointer above alive; NULL: for the call only */
  uint64_t layout;         /* 0: none; see nx_storage::layout */
  const uint64_t* present; /* bit r: row r is there; NULL: all. Only with a layout */
} nx_sample_batch;

/* Why a row was refused. */
enum {
  NX_ROW_OK = 0,
  NX_ROW_OUT_OF_ORDER = 1,  /* with NX_BATCH_REJECT_OOO */
  NX_ROW_OUT_OF_BOUNDS = 2, /* too far in the future */
  NX_ROW_TOO_OLD = 3,       /* older than the retention */
  NX_ROW_DUPLICATE = 4,     /* the newest timestamp again, with another value */
  NX_ROW_UNKNOWN_REF = 5,   /* resolve again */
  NX_ROW_BAD_LABELS = 6,
  NX_ROW_BAD_HISTOGRAM = 7,
  NX_ROW_SERIES_LIMIT = 8,
  NX_ROW_UNSUPPORTED = 9,
  NX_ROW_EXEMPLAR_REFUSED = 10, /* the sample itself was taken */
  NX_ROW_FAILED = 11,
  NX_ROW_CODE_COUNT = 12
};

typedef struct nx_append_result {
  uint32_t struct_size;
  uint32_t retry_after_ms; /* with NX_ERR_EXHAUSTED */
  uint64_t accepted;
  uint64_t refused;
  uint64_t series_created;
  uint64_t exemplars_accepted;
  uint64_t exemplars_refused;
  uint64_t by_code[16]; /* indexed by NX_ROW_* */
  uint8_t* row_code;    /* in: NULL or the caller's array [rows]; out: NX_ROW_* */
} nx_append_result;

/* ---- matchers ---------------------------------------------------------------------------------
 */

enum { NX_MATCH_EQ = 0, NX_MATCH_NE = 1, NX_MATCH_RE = 2, NX_MATCH_NRE = 3 };

typedef struct nx_matcher nx_matcher;
/* Made by the host, so that a storage needs no regex engine: `set` has the literal alternatives
 * when the expression is nothing else ("a|b|c"), `prefix` its literal start, and `match` runs it
 * over many values in one call. */
struct nx_matcher {
  uint32_t struct_size;
  uint32_t op; /* NX_MATCH_* */
  nx_str name;
  nx_str value;
  const nx_str* set;
  uint64_t set_count;
  nx_str prefix;
  uint8_t matches_empty; /* the empty value, that is an absent label, matches */
  uint8_t reserved0[7];
  /* [any] out[i] = 1 when values[i] matches, op applied, else 0. */
  void(NX_CALL* match)(const nx_matcher* self, const nx_str* values, uint64_t count, uint8_t* out);
};

#ifdef __cplusplus
}
#endif
#endif /* NARTHEX_DATA_H */
