/* SPDX-License-Identifier: Apache-2.0
 * A storage that does next to nothing, so that what is left is the border: append() counts the
 * rows, next() hands out the same block again and again. */
#include <narthex/storage.h>

#define SAMPLES 65536u

static int64_t times[SAMPLES];
static double values[SAMPLES];
static const uint64_t series_id[1] = {1};
static const uint64_t offsets[1] = {0};
static const uint32_t row0[1] = {0};
static uint32_t row1[1];

static uint64_t NX_CALL capabilities(void* instance) {
  (void)instance;
  return NX_STORAGE_WRITE | NX_STORAGE_READ;
}

static nx_status NX_CALL append(nx_txn* txn, const nx_sample_batch* batch, nx_append_result* result,
                                nx_error* err) {
  (void)txn;
  (void)err;
  result->accepted += batch->rows;
  return NX_OK;
}

/* The cursor's address is the number of samples a block. */
static nx_status NX_CALL next(nx_cursor* cursor, nx_block* out, nx_error* err) {
  const uint64_t count = (uint64_t)(uintptr_t)cursor;
  (void)err;
  row1[0] = (uint32_t)count;
  out->flags = 0;
  out->series_count = 1;
  out->hist_count = 0;
  out->sample_count = count;
  out->series_id = series_id;
  out->off = offsets;
  out->row0 = row0;
  out->row1 = row1;
  out->col_flags = NULL;
  out->t_rows = count;
  out->t_id = 0;
  out->t = times;
  out->v = values;
  out->st = NULL;
  out->h = NULL;
  out->hists = NULL;
  out->labels = NULL;
  out->owner = NULL;
  return NX_OK;
}

static const nx_storage storage = {
    .struct_size = sizeof(nx_storage),
    .capabilities = capabilities,
    .append = append,
    .next = next,
};
static const nx_interface interfaces[] = {{NX_STR(NX_STORAGE_ID), &storage}};
static const nx_component component = {
    .struct_size = sizeof(nx_component),
    .flags = NX_COMPONENT_CONCURRENT,
    .name = NX_STR("null_storage"),
    .interfaces = interfaces,
    .interface_count = 1,
};
static const nx_component* const components[] = {&component};
static const nx_plugin plugin = {
    .struct_size = sizeof(nx_plugin),
    .abi_minor = NX_TARGET_ABI_MINOR,
    .id = NX_STR("org.example.null_storage"),
    .version = NX_STR("1.0.0"),
    .components = components,
    .component_count = 1,
};

NX_PLUGIN_NOTE("org.example.null_storage", "1.0.0");
const nx_plugin* NX_CALL narthex_plugin_v0(void) { return &plugin; }
