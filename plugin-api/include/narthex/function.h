/* SPDX-License-Identifier: Apache-2.0
 *
 * narthex/function.h - PromQL functions: kernels over columns.
 *
 * One call evaluates all steps of a block of series, so the border costs nothing a result. The
 * simple kinds hide series and steps; their authors write one flat loop:
 *
 *   SCALAR       scalars -> scalar                   out[i] = f(a[i], b[i])
 *   ELEMENTWISE  instant vector, scalars -> vector   out[i] = f(v[i], a[i])
 *   WINDOW       range vector, scalars -> vector     out[i] = f(the samples of window i)
 *   MATRIX       vectors with labels -> vector, whatever works across series; once an evaluation
 *
 * Presence is a byte an element, 1 or 0; NaN is a value like others. Absent elements hold 0.0, so a
 * kernel may compute them blindly.
 */
#ifndef NARTHEX_FUNCTION_H
#define NARTHEX_FUNCTION_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NX_FUNCTIONS_ID "narthex.functions/1"

enum { NX_ARG_SCALAR = 1, NX_ARG_STRING = 2, NX_ARG_VECTOR = 3, NX_ARG_RANGE = 4 };
enum { NX_FN_SCALAR = 1, NX_FN_ELEMENTWISE = 2, NX_FN_WINDOW = 3, NX_FN_MATRIX = 4 };
enum {
  NX_FN_EXPERIMENTAL = 1u << 0, /* behind promql-experimental-functions */
  NX_FN_KEEP_NAME = 1u << 1,    /* the result keeps __name__ */
  NX_FN_VOLATILE = 1u << 2,     /* same input, other output */
  NX_FN_HISTOGRAMS = 1u << 3,   /* takes native histograms; else the host leaves them out */
  NX_FN_LABELS = 1u << 4,       /* wants `labels` */
  NX_FN_COUNTER = 1u << 5,      /* host adds the "might not be a counter" info */
  NX_FN_START_TIME = 1u << 6    /* wants `st` */
};

/* Value i of a scalar argument is v[i * stride]; with stride 0 there is one for all. Element i of a
 * block is step i % step_count. */
typedef struct nx_arg { /* FROZEN */
  const double* v;
  uint64_t stride;
  nx_str str; /* of an NX_ARG_STRING */
} nx_arg;

enum { NX_ANNOTATE_INFO = 0, NX_ANNOTATE_WARNING = 1 };

typedef struct nx_fn_ctx nx_fn_ctx;
/* Valid during the call and on its thread. */
struct nx_fn_ctx {
  uint32_t struct_size;
  uint32_t reserved0;
  void* impl;
  /* Zeroed memory, aligned to 64, gone after the call. NULL: the query's limit. */
  void*(NX_CALL* scratch)(const nx_fn_ctx* ctx, uint64_t size);
  /* The host deduplicates and bounds annotations, adds the position of argument `arg` (NX_NONE: of
   * the call) and the metric name of block series `series` (NX_NONE: none). */
  void(NX_CALL* annotate)(const nx_fn_ctx* ctx, uint32_t level, uint32_t arg, uint32_t series,
                          nx_str text);
  /* Makes result i this histogram (copied) and present. */
  nx_status(NX_CALL* put_histogram)(const nx_fn_ctx* ctx, uint64_t i, const nx_histogram* h);
  /* Not 0: stop and return NX_ERR_CANCELLED. Ask about once a millisecond. */
  int32_t(NX_CALL* cancelled)(const nx_fn_ctx* ctx);
};

/* Elements are series-major: i = series * step_count + step. */
typedef struct nx_elem_in {
  uint32_t struct_size;
  uint32_t series_count;
  uint64_t n; /* series_count * step_count */
  uint32_t step_count;
  uint32_t arg_count;
  const int64_t* step_t;        /* [step_count] ms */
  const double* v;              /* [n]; NULL for SCALAR */
  const uint8_t* present;       /* [n]; NULL: all are there */
  const nx_histogram* const* h; /* NULL, or [n] with NULL for floats */
  const nx_arg* args;           /* all arguments in order; the vector's is empty */
  const nx_series_table* labels;
} nx_elem_in;

enum {
  NX_WINDOW_ANCHORED = 1u << 0,    /* a window includes the sample before its start */
  NX_WINDOW_SMOOTHED = 1u << 1,    /* ... and the one after its end */
  NX_WINDOW_SHARED_T = 1u << 2,    /* one time column for all series of the block */
  NX_WINDOW_SHARED_STEPS = 1u << 3 /* one set of windows for all series: win_stride is 0 */
};

/* Window (s, step) holds the float samples lo <= k < hi, lo = lo[win_stride * s + step] and hi
 * likewise: values v[off[s] + k] at times t[(SHARED_T ? 0 : off[s]) + k]. Both edges ascend within
 * a series. Staleness markers are gone. Histogram samples have columns of their own: hlo <= k < hhi
 * at [step_count * s + step], ht[k] and h[k], k counted over the whole block. */
typedef struct nx_window_in {
  uint32_t struct_size;
  uint32_t series_count;
  uint64_t n; /* windows: series_count * step_count */
  uint32_t step_count;
  uint32_t arg_count;
  const uint32_t* lo;
  const uint32_t* hi;
  const int64_t* t;
  const double* v;
  const int64_t* st; /* indexed as v is; NULL: unknown or not asked for */
  const uint32_t* hlo;
  const uint32_t* hhi; /* NULL when there are no histograms */
  const int64_t* ht;
  const nx_histogram* const* h; /* float form */
  const int64_t* end_t;         /* [step_count]; window = (end_t - range_ms, end_t] */
  int64_t range_ms;
  uint32_t flags; /* NX_WINDOW_* */
  uint32_t reserved0;
  const nx_arg* args; /* the range vector's is empty */
  const nx_series_table* labels;
  uint64_t win_stride;      /* 0: windows are shared; else step_count */
  const uint64_t* off;      /* [series_count] */
  const uint8_t* col_flags; /* [series_count] NX_COL_* of storage.h; NULL: nothing is known */
  uint64_t t_id;
  const int64_t* step_t; /* [step_count] when each step is evaluated, ms: end_t is that moved by
                            `offset` and `@` */
} nx_window_in;

/* Before the call v is 0.0 and present is: that of the input (ELEMENTWISE), window holds a sample
 * (WINDOW), 1 (SCALAR). A kernel writes `present` only where it differs. */
typedef struct nx_elem_out {
  uint32_t struct_size;
  uint32_t reserved0;
  double* v;        /* [n] series-major */
  uint8_t* present; /* [n] */
} nx_elem_out;

/* A series whose __name__ is to go at the end of the query has this label beside it. A kernel
 * passes it on as any other; one that writes __name__ itself takes it off, and the name stays. */
#define NX_LABEL_DROP_NAME "__drop_name__"

typedef struct nx_matrix {
  uint32_t struct_size;
  uint32_t series_count;
  uint32_t step_count;
  uint32_t reserved0;
  const int64_t* step_t;
  const double* v; /* [series_count * step_count] */
  const uint8_t* present;
  const nx_histogram* const* h;
  const nx_series_table* labels;
} nx_matrix;

typedef struct nx_matrix_out nx_matrix_out;
struct nx_matrix_out {
  uint32_t struct_size;
  uint32_t reserved0;
  void* impl;
  /* A new series of the result: labels in any order, copied. Its columns [step_count] begin
   * absent; *first_index is its element 0 for put_histogram. */
  nx_status(NX_CALL* add)(nx_matrix_out* out, const nx_label* labels, uint32_t label_count,
                          double** v, uint8_t** present, uint64_t* first_index);
};

typedef struct nx_function {
  uint32_t struct_size;
  uint32_t flags;         /* NX_FN_* */
  uint32_t kind;          /* NX_FN_SCALAR ... NX_FN_MATRIX */
  uint32_t returns;       /* NX_ARG_SCALAR or NX_ARG_VECTOR */
  nx_str name;            /* [a-z_][a-z0-9_]* */
  nx_str doc;             /* one line of Markdown */
  const uint32_t* params; /* NX_ARG_* */
  uint32_t param_count;
  uint32_t required; /* how many of them; the rest is optional */
  uint32_t variadic; /* 1: the last parameter may repeat */
  uint32_t reserved0;
  /* [query] Concurrent; set the one of `kind`. The instance is read-only. A failure fails the
   * query: a value that cannot be computed is absent, with an annotation. */
  nx_status(NX_CALL* eval)(void* instance, const nx_fn_ctx* ctx, const nx_elem_in* in,
                           const nx_elem_out* out, nx_error* err);
  nx_status(NX_CALL* eval_window)(void* instance, const nx_fn_ctx* ctx, const nx_window_in* in,
                                  const nx_elem_out* out, nx_error* err);
  nx_status(NX_CALL* eval_matrix)(void* instance, const nx_fn_ctx* ctx, const nx_matrix* const* in,
                                  uint32_t in_count, const nx_arg* args, uint32_t arg_count,
                                  nx_matrix_out* out, nx_error* err);
} nx_function;

typedef struct nx_function_set {
  uint32_t struct_size;
  uint32_t count;
  const nx_function* const* functions;
} nx_function_set;

#ifdef __cplusplus
}
#endif
#endif /* NARTHEX_FUNCTION_H */
