/* SPDX-License-Identifier: Apache-2.0
 *
 * narthex/protocol.h - scrape parsers: a body becomes batches.
 *
 * In two phases, since in the steady state nearly all series of a scrape are known: parse() yields
 * for each row the bytes that name its series in this format, and the host looks them up in the
 * target's cache; labels() is asked about the misses only.
 */
#ifndef NARTHEX_PROTOCOL_H
#define NARTHEX_PROTOCOL_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NX_PARSER_ID "narthex.parser/1"

enum {
  NX_PARSE_HONOR_T = 1u << 0,          /* keep timestamps of the body */
  NX_PARSE_NHCB = 1u << 1,             /* classic histograms become custom-bucket ones */
  NX_PARSE_KEEP_CLASSIC = 1u << 2,     /* classic buckets beside native histograms */
  NX_PARSE_NO_NATIVE = 1u << 3,        /* leave native histograms out */
  NX_PARSE_TYPE_UNIT_LABELS = 1u << 4, /* add __type__ and __unit__ */
  NX_PARSE_START_T = 1u << 5           /* give start times (st), no series of their own for them */
};

typedef struct nx_parse_opts {
  uint32_t struct_size;
  uint32_t flags;      /* NX_PARSE_* */
  nx_str content_type; /* as received, with its parameters */
  int64_t default_t;   /* of rows without a timestamp of their own */
  uint32_t max_rows;   /* a batch; 0: 4096 */
  uint32_t reserved0;
} nx_parse_opts;

typedef struct nx_parsed {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [batch->rows] Equal key => equal series, within this target. A slice of the body or of
   * scratch. */
  const nx_str *key;
  const uint64_t *key_hash; /* NULL, or [batch->rows] any good hash of the key */
  /* Values, times, histograms, exemplars, metadata; ref, series and table are NULL. t[r] is
   * default_t where the body gave none. Metadata names families. */
  const nx_sample_batch *batch;
  /* NULL, or bit r: the time of row r comes from the body. */
  const uint64_t *own_t;
} nx_parsed;

/* On anything but NX_OK parse() stops and returns that status. */
typedef nx_status(NX_CALL *nx_parsed_sink)(void *sink_ctx, const nx_parsed *parsed);
typedef void(NX_CALL *nx_series_sink)(void *sink_ctx, const nx_series_table *table);

typedef struct nx_parser {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [any] Static: media types without q, best first, e.g. "text/plain;version=0.0.4". */
  const nx_str *content_types;
  uint64_t content_type_count;
  /* The name Prometheus's scrape_protocols uses for each of them: "PrometheusText0.0.4". */
  const nx_str *protocol_names;
  /* [worker] Concurrent whatever the component's flags say: state lives on the stack or in
   * scratch. What is pushed is borrowed from body or scratch until the sink returns. A bad line:
   * NX_ERR_INVALID_DATA, its text begins "line L, column C: ". */
  nx_status(NX_CALL *parse)(void *instance, void *scratch, nx_buffer *body,
                            const nx_parse_opts *opts, nx_parsed_sink sink, void *sink_ctx,
                            nx_error *err);
  /* [worker] Called from within the sink: the labels of some keys of that batch. Series i of the
   * pushed table belongs to keys[i]; sink is called once. Labels are as data.h has them, but one
   * may have an empty value: where the page has instance="" and labels are honored, the target's
   * instance is not put in its place. The host drops it then. */
  nx_status(NX_CALL *labels)(void *instance, void *scratch, const nx_str *keys, uint64_t count,
                             nx_series_sink sink, void *sink_ctx, nx_error *err);
  /* [any] Reusable working memory; used by one thread at a time. */
  void *(NX_CALL *scratch_new)(void *instance);
  void(NX_CALL *scratch_free)(void *scratch);
} nx_parser;

#ifdef __cplusplus
}
#endif
#endif /* NARTHEX_PROTOCOL_H */
