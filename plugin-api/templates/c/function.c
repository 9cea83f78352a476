/* SPDX-License-Identifier: Apache-2.0
 * A PromQL function: @NAME@(instant-vector), the third power of each value.
 *
 * Every struct_size is set, the rest is zero. What the functions owe and who calls them when is in
 * narthex/function.h. */
#include <narthex/function.h>

/* Absent elements hold 0.0 and stay absent, so the loop needs no test. */
static nx_status NX_CALL cube(void* instance, const nx_fn_ctx* ctx, const nx_elem_in* in,
                              const nx_elem_out* out, nx_error* err) {
  uint64_t i;
  (void)instance;
  (void)ctx;
  (void)err;
  for (i = 0; i < in->n; i++) out->v[i] = in->v[i] * in->v[i] * in->v[i];
  return NX_OK;
}

static const uint32_t cube_params[] = {NX_ARG_VECTOR};
static const nx_function cube_function = {
    .struct_size = sizeof(nx_function),
    .kind = NX_FN_ELEMENTWISE,
    .returns = NX_ARG_VECTOR,
    .name = NX_STR("@NAME@"),
    .doc = NX_STR("The third power of each value."),
    .params = cube_params,
    .param_count = 1,
    .required = 1,
    .eval = cube,
};
static const nx_function* const functions[] = {&cube_function};
static const nx_function_set function_set = {sizeof(nx_function_set), 1, functions};

static const nx_interface interfaces[] = {{NX_STR(NX_FUNCTIONS_ID), &function_set}};
static const nx_component component = {
    .struct_size = sizeof(nx_component),
    .name = NX_STR("@NAME@"),
    .summary = NX_STR("Cubes"),
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
    .summary = NX_STR("A PromQL function in C"),
    .components = components,
    .component_count = 1,
};

NX_PLUGIN_NOTE("@ID@", "1.0.0");
const nx_plugin* NX_CALL narthex_plugin_v0(void) { return &plugin; }
