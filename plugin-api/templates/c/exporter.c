/* SPDX-License-Identifier: Apache-2.0
 * An exporter: the load averages of this machine.
 *
 * Every struct_size is set, the rest is zero. What the functions owe and who calls them when is in
 * narthex/exporter.h. */
#include <narthex/exporter.h>

#include <stdio.h>

/* The host calls this once an interval, on a worker, and adds `up`, job and instance. */
static nx_status NX_CALL collect(void* instance, const nx_collection* c, nx_error* err) {
  static const char* const spans[3] = {"1m", "5m", "15m"};
  double loads[3];
  uint32_t family;
  int i;
  int read;
  FILE* file = fopen("/proc/loadavg", "r");
  (void)instance;
  if (file == NULL) return nx_fail(err, NX_ERR_IO, "cannot open /proc/loadavg");
  read = fscanf(file, "%lf %lf %lf", &loads[0], &loads[1], &loads[2]);
  fclose(file);
  if (read != 3) return nx_fail(err, NX_ERR_INVALID_DATA, "cannot read /proc/loadavg");

  family = c->family(c, NX_TYPE_GAUGE, (nx_str)NX_STR("@NAME@_load"), (nx_str){NULL, 0},
                     (nx_str)NX_STR("Load average of the machine."));
  for (i = 0; i < 3; i++) {
    nx_label label = {NX_STR("window"), {spans[i], 2}};
    if (i == 2) label.value.len = 3;
    c->sample(c, family, &label, 1, loads[i], 0);
  }
  return NX_OK;
}

static const nx_exporter exporter = {.struct_size = sizeof(nx_exporter), .collect = collect};
static const nx_interface interfaces[] = {{NX_STR(NX_EXPORTER_ID), &exporter}};
static const nx_component component = {
    .struct_size = sizeof(nx_component),
    .name = NX_STR("@NAME@"),
    .summary = NX_STR("Load averages"),
    .interfaces = interfaces,
    .interface_count = 1,
};
static const nx_component* const components[] = {&component};
static const nx_plugin plugin = {
    .struct_size = sizeof(nx_plugin),
    .abi_minor = NX_TARGET_ABI_MINOR,
    .id = NX_STR("@ID@"),
    .version = NX_STR("1.0.0"),
    .license = NX_STR("Apache-2.0"),
    .summary = NX_STR("An exporter in C"),
    .components = components,
    .component_count = 1,
};

NX_PLUGIN_NOTE("@ID@", "1.0.0");
const nx_plugin* NX_CALL narthex_plugin_v0(void) { return &plugin; }
