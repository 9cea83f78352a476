/* SPDX-License-Identifier: Apache-2.0
 *
 * narthex/event.h - the event bus: what happened, at most a few thousand times a second. Samples
 * never travel here.
 *
 * - Topics are dotted names: "target.state", "org.example.thing". A subscription may end in ".*"
 *   (one level) or ".>" (all that follows); ">" alone is everything.
 * - publish() never blocks and never runs a subscriber. Every subscription has a bounded queue and
 *   an overflow policy; what it loses it counts, and the next event's `dropped` shows the gap.
 * - Order holds for each publisher and topic; nothing is promised across topics.
 * - A payload is copied once, into a counted buffer that all subscribers share.
 * - Events are hints, state is truth: topics of states are retained, so that whoever missed events
 *   can read the last one.
 */
#ifndef NARTHEX_EVENT_H
#define NARTHEX_EVENT_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NX_EXT_BUS "narthex.bus/1"

typedef struct nx_event {
  uint32_t struct_size;
  uint32_t topic; /* as nx_ext_bus::topic gives it */
  nx_str topic_name;
  nx_str source;     /* the instance that published */
  uint64_t sequence; /* a topic, from 1 */
  uint64_t dropped;  /* events this subscription lost just before */
  int64_t t;         /* ms */
  const nx_value *payload;
  nx_buffer *owner; /* retain to keep the payload, and only that */
} nx_event;

enum {
  NX_OVERFLOW_DROP_OLDEST = 0,
  NX_OVERFLOW_DROP_NEWEST = 1,
  NX_OVERFLOW_COALESCE = 2 /* keep the last one a topic and value of `coalesce_key` */
};
enum { NX_SUB_RETAINED = 1u << 0 }; /* begin with what retained topics hold */
enum { NX_PUB_RETAIN = 1u << 0 };   /* keep it as the topic's present state */

typedef struct nx_sub_opts {
  uint32_t struct_size;
  uint32_t flags;    /* NX_SUB_* */
  uint32_t overflow; /* NX_OVERFLOW_* */
  uint32_t queue;    /* events; 0: 1024; at most 65536 */
  uint32_t io;       /* 0: called on a [worker], 1: on [io] */
  uint32_t reserved0;
  nx_str coalesce_key; /* a key of the payload */
} nx_sub_opts;

typedef struct nx_subscription nx_subscription;
/* Events in queue order, several a call, one call at a time. */
typedef void(NX_CALL *nx_event_fn)(void *user, const nx_event *const *events, uint32_t count);

typedef struct nx_ext_bus {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [any] The number of a topic. 0: refused. A plugin publishes under its own id only. */
  uint32_t(NX_CALL *topic)(const nx_host *host, nx_str name);
  /* [any] Payload is a table and copied. NX_ERR_EXHAUSTED: over the instance's rate (1000 a
   * second) or size (64 KiB); the event is dropped and counted. */
  nx_status(NX_CALL *publish)(const nx_host *host, uint32_t topic, const nx_value *payload,
                              uint32_t flags);
  /* [any] */
  nx_status(NX_CALL *subscribe)(const nx_host *host, nx_str pattern, const nx_sub_opts *opts,
                                nx_event_fn fn, void *user, nx_subscription **out, nx_error *err);
  /* [any] Once it has returned fn does not run and will not; from within fn: once fn returns. The
   * host does it for what is left before stop(). */
  void(NX_CALL *unsubscribe)(const nx_host *host, nx_subscription *subscription);
} nx_ext_bus;

#ifdef __cplusplus
}
#endif
#endif /* NARTHEX_EVENT_H */
