/* SPDX-License-Identifier: Apache-2.0
 *
 * narthex/exporter.h - exporters that live in the agent: samples without an HTTP hop.
 *
 * The host calls collect() once an interval on a worker, with a deadline, and appends what was
 * emitted under one timestamp, with `up` and the other synthetic series of a scrape. Staleness of
 * series that disappear is the host's work.
 */
#ifndef NARTHEX_EXPORTER_H
#define NARTHEX_EXPORTER_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NX_EXPORTER_ID "narthex.exporter/1"

typedef struct nx_collection nx_collection;
/* Valid during collect() and on its thread only. */
struct nx_collection {
  uint32_t struct_size;
  uint32_t reserved0;
  void *impl;
  int64_t deadline_mono_ns;

  /* A metric family of this collection; the same name again gives the same handle. 0: refused. */
  uint32_t(NX_CALL *family)(const nx_collection *c, uint32_t type, nx_str name, nx_str unit,
                            nx_str help);
  /* One sample. Labels in any order, without __name__. t 0: the time of the collection. */
  nx_status(NX_CALL *sample)(const nx_collection *c, uint32_t family, const nx_label *labels,
                             uint32_t label_count, double value, int64_t t);
  /* One sample of a family's suffixed series ("_bucket", "_sum", "_count", "_total", "_info"). */
  nx_status(NX_CALL *sample_suffixed)(const nx_collection *c, uint32_t family, nx_str suffix,
                                      const nx_label *labels, uint32_t label_count, double value,
                                      int64_t t);
  nx_status(NX_CALL *histogram)(const nx_collection *c, uint32_t family, const nx_label *labels,
                                uint32_t label_count, const nx_histogram *h, int64_t t);
  /* Series that stay the same: registered once, the handle lives until series_set_drop, at most as
   * long as the instance. After that only values cross: values[i] is of table series i,
   * absent[i] != 0 leaves it out this time (absent may be NULL). 0: refused. */
  uint32_t(NX_CALL *series_set)(const nx_collection *c, const nx_series_table *table,
                                const nx_metadata *meta, uint32_t meta_count);
  nx_status(NX_CALL *set_values)(const nx_collection *c, uint32_t series_set, const double *values,
                                 const uint8_t *absent, uint32_t count);
  /* The general form: table and series set, ref NULL; t may be NULL. */
  nx_status(NX_CALL *batch)(const nx_collection *c, const nx_sample_batch *batch, nx_error *err);
  /* The series of a set will not come back (a device that is gone): frees what the host keeps. */
  void(NX_CALL *series_set_drop)(const nx_collection *c, uint32_t series_set);
};

typedef struct nx_exporter {
  uint32_t struct_size;
  uint32_t default_interval_ms; /* 0: the global scrape interval */
  /* [worker] On failure what was emitted is dropped and `up` is 0. NX_PARTIAL keeps it, `up` is 1
   * and err says what is missing. */
  nx_status(NX_CALL *collect)(void *instance, const nx_collection *c, nx_error *err);
} nx_exporter;

#ifdef __cplusplus
}
#endif
#endif /* NARTHEX_EXPORTER_H */
