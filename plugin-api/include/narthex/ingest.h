/* SPDX-License-Identifier: Apache-2.0
 *
 * narthex/ingest.h - receivers of pushes: on HTTP routes, or on packets and lines.
 *
 * The host owns sockets, TLS, authentication, limits and decompression; the plugin owns paths and
 * bytes.
 */
#ifndef NARTHEX_INGEST_H
#define NARTHEX_INGEST_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- HTTP
 * -------------------------------------------------------------------------------------------- */

#define NX_INGEST_ID "narthex.ingest/1"

enum {
  NX_ROUTE_RAW_BODY = 1u << 0 /* body as sent: the plugin undoes Content-Encoding (and its bombs) */
};

typedef struct nx_route { /* FROZEN */
  nx_str method;          /* "POST" */
  nx_str path;            /* "/api/v1/write", "/metrics/job/{job}/{rest...}" */
  uint32_t id;            /* handed back to handle() */
  uint32_t flags;         /* NX_ROUTE_* */
} nx_route;

typedef struct nx_ingest_request {
  uint32_t struct_size;
  uint32_t route_id;
  nx_str method;
  nx_str path;
  nx_str remote;            /* address of the peer */
  nx_str tenant;            /* empty when unused */
  const nx_kv* path_params; /* {name} of the route, decoded */
  const nx_kv* query_params;
  const nx_kv* headers; /* names in lower case */
  uint32_t path_param_count;
  uint32_t query_param_count;
  uint32_t header_count;
  uint32_t reserved0;
  nx_buffer* body; /* whole, below the size limit, decompressed unless RAW_BODY */
  int64_t received_ms;
  int64_t deadline_mono_ns;
  uint64_t body_max_bytes; /* the limit that decompression by the plugin must keep */
  /* For nx_ext_append::append. The host commits after NX_OK and NX_PARTIAL, else rolls back. */
  nx_appender* appender;
} nx_ingest_request;

typedef struct nx_ingest_reply nx_ingest_reply;
struct nx_ingest_reply {
  uint32_t struct_size;
  int32_t status; /* 0: derived from the returned nx_status */
  void* impl;
  /* Both during handle() only; they copy. */
  void(NX_CALL* header)(nx_ingest_reply* reply, nx_str name, nx_str value);
  void(NX_CALL* body)(nx_ingest_reply* reply, nx_bytes chunk);
};

typedef struct nx_ingest {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [control] After start(); borrowed until stop(). A route taken already fails the start. */
  nx_status(NX_CALL* routes)(void* instance, const nx_route** routes, uint32_t* count,
                             nx_error* err);
  /* [worker] Concurrent whatever the component's flags say. Default answers: OK 204, PARTIAL and
   * INVALID_* 400, UNSUPPORTED 415, PERMISSION 403, NOT_FOUND 404, EXHAUSTED 429 with Retry-After,
   * UNAVAILABLE and IO 503, DEADLINE 504, else 500; the text is err's. */
  nx_status(NX_CALL* handle)(void* instance, const nx_ingest_request* request,
                             nx_ingest_reply* reply, nx_error* err);
} nx_ingest;

/* ---- packets and lines (statsd, graphite)
 * --------------------------------------------------------------- */

#define NX_INGEST_DATAGRAM_ID "narthex.ingest_datagram/1"

typedef struct nx_ingest_datagram {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [worker] Serial per instance. From TCP each packet is a run of whole lines. */
  nx_status(NX_CALL* packets)(void* instance, const nx_bytes* packets, const nx_str* peers,
                              uint32_t count, nx_appender* appender, nx_error* err);
  /* [worker] Once a flush interval, for protocols that aggregate. */
  nx_status(NX_CALL* flush)(void* instance, nx_appender* appender, nx_error* err);
} nx_ingest_datagram;

#ifdef __cplusplus
}
#endif
#endif /* NARTHEX_INGEST_H */
