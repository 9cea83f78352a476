/* SPDX-License-Identifier: Apache-2.0
 * One plugin, built as if its headers were older or newer than the host's:
 *   SKEW_GROWN  against headers whose structs have one more field at their end, full of garbage
 * here; SKEW_SHORT  with struct sizes that end before the last functions, which then must not be
 * called. */
#include <narthex/exporter.h>

#include <stdlib.h>

__attribute__((unused)) static void trap(void) { abort(); }

static nx_status NX_CALL create(const nx_host* host, const nx_value* config, void** instance,
                                nx_error* err) {
  (void)config;
#ifdef SKEW_GROWN
  /* Older than this plugin: its nx_host ends before the field. */
  if (NX_HAS(host, nx_host, grown)) return nx_fail(err, NX_ERR_INTERNAL, "the host has the field");
  if (NX_HAS(err, nx_error, grown)) return nx_fail(err, NX_ERR_INTERNAL, "the error has the field");
#endif
  if (!NX_HAS_FN(host, nx_host, config_error)) return nx_fail(err, NX_ERR_INTERNAL, "short host");
  *instance = NULL;
  return NX_OK;
}

static nx_status NX_CALL collect(void* instance, const nx_collection* c, nx_error* err) {
  (void)instance;
  (void)c;
  return nx_fail(err, NX_ERR_UNAVAILABLE, "nothing to collect");
}

static const nx_exporter exporter = {
    .struct_size = sizeof(nx_exporter),
    .collect = collect,
#ifdef SKEW_GROWN
    .grown = (void*)&trap,
#endif
};
static const nx_interface interfaces[] = {{NX_STR(NX_EXPORTER_ID), &exporter}};
static const nx_component component = {
#ifdef SKEW_SHORT
    .struct_size = offsetof(nx_component, stop),
    .stop = (void (*)(void*, int64_t))(void (*)(void))trap,
    .destroy = (void (*)(void*))(void (*)(void))trap,
#else
    .struct_size = sizeof(nx_component),
#endif
#ifdef SKEW_GROWN
    .grown = (void*)&trap,
#endif
    .name = NX_STR("skew"),
    .interfaces = interfaces,
    .interface_count = 1,
    .create = create,
};
static const nx_component* const components[] = {&component};
static const nx_plugin plugin = {
#ifdef SKEW_SHORT
    .struct_size = offsetof(nx_plugin, load),
    .load = (nx_status(*)(const nx_host*, nx_error*))(void (*)(void))trap,
    .unload = trap,
#else
    .struct_size = sizeof(nx_plugin),
#endif
#ifdef SKEW_GROWN
    .grown = (void*)&trap,
#endif
    .abi_minor = NX_TARGET_ABI_MINOR,
    .id = NX_STR("org.example.skew"),
    .version = NX_STR("1.0.0"),
    .components = components,
    .component_count = 1,
};

NX_PLUGIN_NOTE("org.example.skew", "1.0.0");
const nx_plugin* NX_CALL narthex_plugin_v0(void) { return &plugin; }
