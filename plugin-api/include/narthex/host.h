/* SPDX-License-Identifier: Apache-2.0
 *
 * narthex/host.h - services of the host, asked for with nx_host::get_extension. Any of them may be
 * absent (an older host, or denied to this instance); a component that cannot live without one
 * lists its id in nx_component::needs. All tables live for ever.
 */
#ifndef NARTHEX_HOST_H
#define NARTHEX_HOST_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- tasks, timers, watches ---------------------------------------------------------------------
 */

#define NX_EXT_TASKS "narthex.tasks/1"

typedef struct nx_timer nx_timer;
typedef void(NX_CALL* nx_task_fn)(void* user);

/* Callbacks run between start() and stop() only; the host cancels what is left before stop(). */
typedef struct nx_ext_tasks {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [any] Runs fn once on a [worker] (io 0) or [io] (io 1) thread, never inside this call.
   * NX_ERR_PRECONDITION once stop() has begun. */
  nx_status(NX_CALL* post)(const nx_host* host, int32_t io, nx_task_fn fn, void* user);
  /* [any] First after delay_ms, then every period_ms (0: once). Late ticks are skipped, not
   * bunched. *out is valid until timer_stop or the end of stop(). */
  nx_status(NX_CALL* timer_start)(const nx_host* host, int32_t io, uint64_t delay_ms,
                                  uint64_t period_ms, nx_task_fn fn, void* user, nx_timer** out);
  /* [any] Returns after a running callback has ended, unless called from that callback. */
  void(NX_CALL* timer_stop)(const nx_host* host, nx_timer* timer);
  /* [any] fn runs on a [worker] after something below `path` (a file or a folder) changed, once a
   * burst. A second call for the same path replaces fn; fn NULL ends the watch. */
  nx_status(NX_CALL* watch_path)(const nx_host* host, nx_str path, nx_task_fn fn, void* user);
} nx_ext_tasks;

/* ---- HTTP client
 * ---------------------------------------------------------------------------------- */

#define NX_EXT_HTTP "narthex.http_client/1"

typedef struct nx_http_client nx_http_client;

typedef struct nx_http_request {
  uint32_t struct_size;
  uint32_t flags;
  nx_str method; /* empty: GET */
  nx_str url;
  const nx_kv* headers; /* string values */
  uint32_t header_count;
  uint32_t timeout_ms; /* 0: 30 s */
  nx_bytes body;
  uint64_t body_max_bytes; /* of the answer, inflated; 0: 64 MiB */
} nx_http_request;

typedef struct nx_http_response {
  uint32_t struct_size;
  int32_t status;
  const nx_kv* headers; /* names in lower case */
  uint32_t header_count;
  uint32_t reserved0;
  nx_buffer* body; /* inflated; retain to keep */
} nx_http_response;

/* `response` NULL: the transport failed, see err. Both are borrowed for the call. */
typedef void(NX_CALL* nx_http_done)(void* user, const nx_http_response* response,
                                    const nx_error* err);

typedef struct nx_ext_http {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [control] From a config table with Prometheus's http_config keys (others are ignored), so that
   * a plugin handles no credentials and no TLS. */
  nx_status(NX_CALL* client_new)(const nx_host* host, const nx_value* config, nx_http_client** out,
                                 nx_error* err);
  /* [control] No request of the client may be in flight. */
  void(NX_CALL* client_free)(const nx_host* host, nx_http_client* client);
  /* [worker] Blocks; done runs exactly once, before it returns. */
  nx_status(NX_CALL* request)(const nx_host* host, nx_http_client* client,
                              const nx_http_request* request, nx_http_done done, void* user,
                              nx_error* err);
  /* [any] done runs exactly once, on a [worker], unless an error is returned. */
  nx_status(NX_CALL* request_async)(const nx_host* host, nx_http_client* client,
                                    const nx_http_request* request, nx_http_done done, void* user,
                                    nx_error* err);
} nx_ext_http;

/* ---- text formats
 * ---------------------------------------------------------------------------------- */

#define NX_EXT_TEXT "narthex.text/1"

enum { NX_TEXT_JSON = 0, NX_TEXT_YAML = 1, NX_TEXT_TOML = 2 };

typedef struct nx_ext_text {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [worker] or [control] Parses a document into a tree that sink gets once and borrows. `name`
   * stands for it in errors: "name:line:column: what was wrong". Depth is limited to 64. */
  nx_status(NX_CALL* parse)(const nx_host* host, uint32_t format, nx_str name, nx_bytes text,
                            nx_value_sink sink, void* sink_ctx, nx_error* err);
} nx_ext_text;

/* ---- the plugin's own metrics
 * ----------------------------------------------------------------------- */

#define NX_EXT_METRICS "narthex.self_metrics/1"

typedef struct nx_cell nx_cell;

typedef struct nx_ext_metrics {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [control] A series on the agent's /metrics; the host adds the label `plugin_instance`. Lives
   * as long as the instance. NULL when refused (bad name, limit): add and set ignore NULL. */
  nx_cell*(NX_CALL* cell)(const nx_host* host, uint32_t type, nx_str name, nx_str help,
                          const nx_label* labels, uint32_t label_count);
  void(NX_CALL* add)(nx_cell* cell, double delta); /* [any] lock-free */
  void(NX_CALL* set)(nx_cell* cell, double value); /* [any] lock-free */
} nx_ext_metrics;

/* The agent's own metrics, for the `self` exporter: pushes the exposition as batches. */
#define NX_EXT_GATHER "narthex.gather/1"

typedef nx_status(NX_CALL* nx_batch_sink)(void* sink_ctx, const nx_sample_batch* batch);
typedef struct nx_ext_gather {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [worker] Batches with table, series, v and meta; t is NULL. */
  nx_status(NX_CALL* gather)(const nx_host* host, nx_batch_sink sink, void* sink_ctx,
                             nx_error* err);
} nx_ext_gather;

/* ---- appending samples
 * ------------------------------------------------------------------------------- */

/* The pipeline a scrape uses: limits, storage, rules. */
#define NX_EXT_APPEND "narthex.append/1"

typedef struct nx_appender nx_appender;

typedef struct nx_ext_append {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [worker] One thread at a time an appender. */
  nx_status(NX_CALL* begin)(const nx_host* host, nx_appender** out, nx_error* err);
  /* Rows by `table` and `series`, or by `ref`. NX_PARTIAL: result tells about the refused. */
  nx_status(NX_CALL* append)(nx_appender* appender, const nx_sample_batch* batch,
                             nx_append_result* result, nx_error* err);
  /* Both free the appender, whatever they return. */
  nx_status(NX_CALL* commit)(nx_appender* appender, nx_append_result* result, nx_error* err);
  void(NX_CALL* rollback)(nx_appender* appender);
  /* References for the series of a table, as nx_storage::resolve gives them. They may be kept and
   * stand in `ref` of later batches, also of other appenders of the instance, until an append
   * answers NX_ROW_UNKNOWN_REF: a receiver that knows its senders' series does no label work. */
  nx_status(NX_CALL* resolve)(nx_appender* appender, const nx_series_table* table,
                              uint64_t* out_ref, uint8_t* out_code, nx_error* err);
} nx_ext_append;

/* ---- small durable state
 * ------------------------------------------------------------------------------- */

#define NX_EXT_STATE "narthex.state/1" /* an instance may keep 1 MiB in all */

typedef struct nx_ext_state {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [worker] NX_ERR_NOT_FOUND when the key was never put. */
  nx_status(NX_CALL* get)(const nx_host* host, nx_str key, nx_value_sink sink, void* sink_ctx,
                          nx_error* err);
  /* [worker] Durable when it returns. */
  nx_status(NX_CALL* put)(const nx_host* host, nx_str key, const nx_value* value, nx_error* err);
} nx_ext_state;

/* ---- a folder of the instance's own
 * ---------------------------------------------------------------------------- */

/* For state that is too large for NX_EXT_STATE, or changes too often. */
#define NX_EXT_FOLDER "narthex.folder/1"

typedef struct nx_ext_folder {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [control] or [worker] `sink` gets the path of the folder once, as text, and borrows it. The
   * folder is there, is the same after a restart, and only the agent's user may look into it.
   * What lies in it, and that it is durable, is the plugin's affair. */
  nx_status(NX_CALL* path)(const nx_host* host, nx_value_sink sink, void* sink_ctx, nx_error* err);
} nx_ext_folder;

#ifdef __cplusplus
}
#endif
#endif /* NARTHEX_HOST_H */
