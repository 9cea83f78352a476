/* SPDX-License-Identifier: Apache-2.0
 * A notifier: writes every alert into the agent's log.
 *
 * Every struct_size is set, the rest is zero. What the functions owe and who calls them when is in
 * narthex/notifier.h. */
#include <narthex/notifier.h>

/* create() has nothing to make but must keep the host for notify(). */
static nx_status NX_CALL create(const nx_host* host, const nx_value* config, void** instance,
                                nx_error* err) {
  (void)config;
  (void)err;
  union {
    const nx_host* host;
    void* instance;
  } kept = {host}; /* the instance is the host: there is no other state */
  *instance = kept.instance;
  return NX_OK;
}

static nx_str label(const nx_alert* alert, const char* name, uint64_t len) {
  uint32_t i;
  for (i = 0; i < alert->label_count; i++)
    if (nx_str_is(alert->labels[i].name, name, len)) return alert->labels[i].value;
  return (nx_str){NULL, 0};
}

/* NX_OK: delivered. NX_ERR_UNAVAILABLE makes the host send the batch again later. */
static nx_status NX_CALL notify(void* instance, const nx_alert* const* alerts, uint32_t count,
                                int64_t deadline_mono_ns, nx_error* err) {
  const nx_host* host = instance;
  uint32_t i;
  (void)deadline_mono_ns;
  (void)err;
  for (i = 0; i < count; i++) {
    const nx_str name = label(alerts[i], "alertname", 9);
    const nx_kv field = {NX_STR("alertname"),
                         {.type = NX_STRING, .len = (uint32_t)name.len, .u = {.s = name.ptr}}};
    const nx_str fires = NX_STR("alert fires");
    const nx_str over = NX_STR("alert is over");
    host->log(host, NX_LOG_WARN, alerts[i]->state == NX_ALERT_FIRING ? fires : over, &field, 1);
  }
  return NX_OK;
}

static const nx_notifier table = {.struct_size = sizeof(nx_notifier), .notify = notify};
static const nx_interface interfaces[] = {{NX_STR(NX_NOTIFIER_ID), &table}};
static const nx_component component = {
    .struct_size = sizeof(nx_component),
    .name = NX_STR("@NAME@"),
    .summary = NX_STR("Alerts into the log"),
    .interfaces = interfaces,
    .interface_count = 1,
    .create = create,
};
static const nx_component* const components[] = {&component};
static const nx_plugin plugin = {
    .struct_size = sizeof(nx_plugin),
    .abi_minor = NX_TARGET_ABI_MINOR,
    .id = NX_STR("@ID@"),
    .version = NX_STR("1.0.0"),
    .license = NX_STR("Apache-2.0"),
    .summary = NX_STR("A notifier in C"),
    .components = components,
    .component_count = 1,
};

NX_PLUGIN_NOTE("@ID@", "1.0.0");
const nx_plugin* NX_CALL narthex_plugin_v0(void) { return &plugin; }
