/* SPDX-License-Identifier: Apache-2.0
 * An exporter that does nothing, described wrongly in the way that a BAD_* macro asks for. Its
 * constructor leaves a mark, so that a test can tell whether anything of the file ran. */
#define _POSIX_C_SOURCE 200809L
#include <narthex/exporter.h>

#include <stdlib.h>

#ifndef BAD_NOTE_ID
#define BAD_NOTE_ID "org.example.bad"
#endif
#ifndef BAD_ABI_MINOR
#define BAD_ABI_MINOR NX_TARGET_ABI_MINOR
#endif
#ifndef BAD_ABI_MINOR_MIN
#define BAD_ABI_MINOR_MIN 0
#endif
#ifndef BAD_PLUGIN_SIZE
#define BAD_PLUGIN_SIZE sizeof(nx_plugin)
#endif
#ifndef BAD_COMPONENT_SIZE
#define BAD_COMPONENT_SIZE sizeof(nx_component)
#endif
#ifndef BAD_NAME
#define BAD_NAME "bad"
#endif
#ifndef BAD_SUMMARY
#define BAD_SUMMARY "Nothing"
#endif
#ifndef BAD_SCHEMA
#define BAD_SCHEMA ""
#endif

__attribute__((constructor)) static void leave_mark(void) {
  setenv("NARTHEX_BAD_PLUGIN_RAN", BAD_NOTE_ID, 1);
}

#ifndef BAD_NO_COLLECT
static nx_status NX_CALL collect(void *instance, const nx_collection *c, nx_error *err) {
  (void)instance;
  (void)c;
  (void)err;
  return NX_OK;
}
#endif

static const nx_exporter exporter = {
    .struct_size = sizeof(nx_exporter),
#ifndef BAD_NO_COLLECT
    .collect = collect,
#endif
};
static const nx_interface interfaces[] = {{NX_STR(NX_EXPORTER_ID), &exporter}};
#ifdef BAD_NEED
static const nx_str needs[] = {NX_STR(BAD_NEED)};
#endif
static const nx_component component = {
    .struct_size = BAD_COMPONENT_SIZE,
    .name = NX_STR(BAD_NAME),
    .summary = NX_STR(BAD_SUMMARY),
    .config_schema = NX_STR(BAD_SCHEMA),
    .interfaces = interfaces,
    .interface_count = 1,
#ifdef BAD_NEED
    .needs = needs,
    .needs_count = 1,
#endif
};
static const nx_component *const components[] = {&component, &component};
static const nx_plugin plugin = {
    .struct_size = BAD_PLUGIN_SIZE,
    .abi_minor = BAD_ABI_MINOR,
    .abi_minor_min = BAD_ABI_MINOR_MIN,
    .id = NX_STR("org.example.bad"),
    .version = NX_STR("1.0.0"),
    .components = components,
#ifdef BAD_TWICE
    .component_count = 2,
#else
    .component_count = 1,
#endif
};

#ifndef BAD_NO_NOTE
NX_PLUGIN_NOTE(BAD_NOTE_ID, "1.0.0");
#endif

#ifdef BAD_EXPORT
NX_EXPORT int look_at_me(void);
int look_at_me(void) { return 42; }
#endif
#ifdef BAD_UNDEFINED
int nobody_has_this(void);
#endif

#ifdef BAD_NO_ENTRY
const nx_plugin *narthex_plugin_unused(void);
__attribute__((used)) const nx_plugin *narthex_plugin_unused(void) { return &plugin; }
#else
const nx_plugin *NX_CALL narthex_plugin_v0(void) {
#if defined(BAD_NO_DESCRIPTOR)
  return (void)plugin, NULL;
#elif defined(BAD_UNDEFINED)
  return nobody_has_this() ? &plugin : NULL;
#else
  return &plugin;
#endif
}
#endif
