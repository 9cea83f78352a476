/* SPDX-License-Identifier: Apache-2.0
 *
 * narthex/notifier.h - delivers alerts. The host relabels, deduplicates, queues (bounded, oldest
 * dropped and counted), batches, resends, and retries with back-off; a notifier delivers one batch
 * and says how it went.
 */
#ifndef NARTHEX_NOTIFIER_H
#define NARTHEX_NOTIFIER_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NX_NOTIFIER_ID "narthex.notifier/1"

enum { NX_ALERT_FIRING = 0, NX_ALERT_RESOLVED = 1 };

typedef struct nx_alert {
  uint32_t struct_size;
  uint32_t state;         /* NX_ALERT_* */
  uint64_t fingerprint;   /* of the labels; the same after a restart */
  const nx_label *labels; /* sorted by name; "alertname" is always there */
  const nx_label *annotations;
  uint32_t label_count;
  uint32_t annotation_count;
  int64_t starts_at;
  int64_t ends_at; /* firing: when it ends unless it is sent again */
  int64_t fired_at;
  double value;
  nx_str generator_url;
  nx_str rule_group;
} nx_alert;

typedef struct nx_notifier {
  uint32_t struct_size;
  uint32_t max_batch; /* alerts; 0: 256 */
  /* [worker] NX_OK: delivered. UNAVAILABLE, DEADLINE, EXHAUSTED or NX_ERROR_RETRYABLE: the batch
   * comes again, not before err->retry_after_ms. Anything else: dropped and counted. */
  nx_status(NX_CALL *notify)(void *instance, const nx_alert *const *alerts, uint32_t count,
                             int64_t deadline_mono_ns, nx_error *err);
  /* [worker] Optional: says whether a delivery would work, without making one. */
  nx_status(NX_CALL *probe)(void *instance, nx_error *err);
} nx_notifier;

#ifdef __cplusplus
}
#endif
#endif /* NARTHEX_NOTIFIER_H */
