/* SPDX-License-Identifier: Apache-2.0
 *
 * narthex/discovery.h - service discovery: turns the outside world into target groups.
 *
 * A discoverer owns a set of sources (a file, a name, a namespace). An update replaces the targets
 * of a source as a whole; the host computes what was added, removed and changed. So an update may
 * come twice, and a burst of updates of one source may be folded into the last.
 *
 * The component's name is the <name> of the `<name>_sd_configs` key it serves.
 */
#ifndef NARTHEX_DISCOVERY_H
#define NARTHEX_DISCOVERY_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NX_DISCOVERY_ID "narthex.discovery/1"

typedef struct nx_target { /* FROZEN */
  const nx_label *labels;  /* "__address__" required; others as Prometheus names them */
  uint64_t label_count;
} nx_target;

typedef struct nx_target_group {
  uint32_t struct_size;
  uint32_t reserved0;
  nx_str source;          /* unique within the instance, the same over time */
  const nx_label *labels; /* common to all targets; a target's own label wins */
  const nx_target *targets;
  uint32_t label_count;
  uint32_t target_count; /* 0: the source is gone, and its targets with it */
} nx_target_group;

typedef struct nx_discovery_sink nx_discovery_sink;
/* Owned by the host, valid until stop() has returned. */
struct nx_discovery_sink {
  uint32_t struct_size;
  uint32_t reserved0;
  void *impl;
  /* [any] The groups of one call become visible together. Copies, never blocks.
   * NX_ERR_EXHAUSTED: over the target limit, the old state stays. */
  nx_status(NX_CALL *update)(const nx_discovery_sink *sink, const nx_target_group *const *groups,
                             uint32_t count, nx_error *err);
  /* [any] The first full set has been sent. Until then, or a timeout, the host holds back
   * removals, so that a restart makes nothing stale. */
  void(NX_CALL *synced)(const nx_discovery_sink *sink);
};

/* Exactly one of the two is set. */
typedef struct nx_discovery {
  uint32_t struct_size;
  uint32_t default_interval_ms; /* of refresh; the option `refresh_interval` wins; 0: once */
  /* [worker] Sends the full set; sources it does not mention are gone. The host calls it every
   * interval, with jitter, a deadline, and back-off after errors, which leave the targets as they
   * were. */
  nx_status(NX_CALL *refresh)(void *instance, const nx_discovery_sink *sink, nx_error *err);
  /* [control] Starts a watch of its own and returns; the sink is called from tasks, timers or own
   * threads until stop(). */
  nx_status(NX_CALL *run)(void *instance, const nx_discovery_sink *sink, nx_error *err);
} nx_discovery;

#ifdef __cplusplus
}
#endif
#endif /* NARTHEX_DISCOVERY_H */
