/* SPDX-License-Identifier: Apache-2.0
 * A plugin from outside of the tree, in C: refuses to start when its option says so. */
#include <narthex/plugin.h>

static nx_status NX_CALL create(const nx_host* host, const nx_value* config, void** instance,
                                nx_error* err) {
  if (nx_get_int(config, "fail", 0) != 0) {
    return host->config_error(host, nx_get(config, "fail"), (nx_str)NX_STR("was told to fail"),
                              err);
  }
  *instance = NULL;
  return NX_OK;
}

static const nx_component component = {
    .struct_size = sizeof(nx_component),
    .name = NX_STR("outside_c"),
    .config_schema = NX_STR("{\"properties\": {\"fail\": {\"type\": \"boolean\"}}}"),
    .create = create,
};
static const nx_component* const components[] = {&component};
static const nx_plugin plugin = {
    .struct_size = sizeof(nx_plugin),
    .abi_minor = NX_TARGET_ABI_MINOR,
    .id = NX_STR("org.example.outside_c"),
    .version = NX_STR("2.0.0"),
    .components = components,
    .component_count = 1,
};

NX_PLUGIN_NOTE("org.example.outside_c", "2.0.0");
const nx_plugin* NX_CALL narthex_plugin_v0(void) { return &plugin; }
