/* SPDX-License-Identifier: Apache-2.0
 * An ingest plugin: POST /@NAME@/{name} with a number as its body stores one sample.
 *
 * Every struct_size is set, the rest is zero. What the functions owe and who calls them when is in
 * narthex/ingest.h. */
#include <narthex/ingest.h>

#include <stdlib.h>
#include <string.h>

typedef struct receiver {
  const nx_ext_append* append;
} receiver;

static nx_status NX_CALL create(const nx_host* host, const nx_value* config, void** instance,
                                nx_error* err) {
  receiver* self = malloc(sizeof *self);
  (void)config;
  if (self == NULL) return nx_fail(err, NX_ERR_NO_MEMORY, "out of memory");
  /* Listed in `needs`, so it is there. */
  self->append = host->get_extension(host, (nx_str)NX_STR(NX_EXT_APPEND));
  *instance = self;
  return NX_OK;
}

static void NX_CALL destroy(void* instance) { free(instance); }

static const nx_route kRoutes[] = {{NX_STR("POST"), NX_STR("/@NAME@/{name}"), 0, 0}};

static nx_status NX_CALL routes(void* instance, const nx_route** list, uint32_t* count,
                                nx_error* err) {
  (void)instance;
  (void)err;
  *list = kRoutes;
  *count = 1;
  return NX_OK;
}

/* The whole body must be one number. */
static int read_number(const nx_buffer* body, double* value) {
  char text[64];
  char* end;
  if (body->size == 0 || body->size >= sizeof text) return 0;
  memcpy(text, body->data, body->size);
  text[body->size] = '\0';
  if (memchr(text, '\0', body->size) != NULL || text[0] == ' ' || text[0] == '\n') return 0;
  *value = strtod(text, &end);
  return end == text + body->size;
}

/* The host has read, limited and inflated the body; it commits when this returns NX_OK. */
static nx_status NX_CALL handle(void* instance, const nx_ingest_request* request,
                                nx_ingest_reply* reply, nx_error* err) {
  const receiver* self = instance;
  const uint32_t label_ref[] = {0, 1};
  const uint32_t label_off[] = {0, 1};
  const uint32_t row_series = 0;
  nx_append_result result = {.struct_size = sizeof result};
  nx_str symbols[2] = {NX_STR("__name__"), {NULL, 0}};
  nx_series_table series = {.struct_size = sizeof series,
                            .series_count = 1,
                            .symbol_count = 2,
                            .symbols = symbols,
                            .label_ref = label_ref,
                            .label_off = label_off};
  double value = 0;
  nx_sample_batch batch = {.struct_size = sizeof batch,
                           .rows = 1,
                           .series = &row_series,
                           .table = &series,
                           .t = &request->received_ms,
                           .v = &value};
  (void)reply;
  if (!read_number(request->body, &value))
    return nx_fail(err, NX_ERR_INVALID_DATA, "the body must be a number");
  symbols[1].ptr = request->path_params[0].value.u.s;
  symbols[1].len = request->path_params[0].value.len;
  return self->append->append(request->appender, &batch, &result, err);
}

static const nx_ingest table = {
    .struct_size = sizeof(nx_ingest), .routes = routes, .handle = handle};
static const nx_interface interfaces[] = {{NX_STR(NX_INGEST_ID), &table}};
static const nx_str needs[] = {NX_STR(NX_EXT_APPEND)};
static const nx_component component = {
    .struct_size = sizeof(nx_component),
    .name = NX_STR("@NAME@"),
    .summary = NX_STR("One number a request"),
    .interfaces = interfaces,
    .interface_count = 1,
    .needs = needs,
    .needs_count = 1,
    .create = create,
    .destroy = destroy,
};
static const nx_component* const components[] = {&component};
static const nx_plugin plugin = {
    .struct_size = sizeof(nx_plugin),
    .abi_minor = NX_TARGET_ABI_MINOR,
    .id = NX_STR("@ID@"),
    .version = NX_STR("1.0.0"),
    .license = NX_STR("Apache-2.0"),
    .summary = NX_STR("An ingest plugin in C"),
    .components = components,
    .component_count = 1,
};

NX_PLUGIN_NOTE("@ID@", "1.0.0");
const nx_plugin* NX_CALL narthex_plugin_v0(void) { return &plugin; }
