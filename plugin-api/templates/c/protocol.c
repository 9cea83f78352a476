/* SPDX-License-Identifier: Apache-2.0
 * A scrape parser: "name value" on each line.
 *
 * Every struct_size is set, the rest is zero. What the functions owe and who calls them when is in
 * narthex/protocol.h. */
#include <narthex/protocol.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 256

/* Working memory of one thread at a time, kept from body to body. */
typedef struct scratch {
  nx_str key[ROWS_MAX];
  int64_t t[ROWS_MAX];
  double v[ROWS_MAX];
  uint64_t rows;
  /* of labels() */
  nx_str symbols[ROWS_MAX + 1];
  uint32_t label_ref[2 * ROWS_MAX];
  uint32_t label_off[ROWS_MAX + 1];
} scratch;

static void* NX_CALL scratch_new(void* instance) {
  (void)instance;
  return calloc(1, sizeof(scratch));
}
static void NX_CALL scratch_free(void* memory) { free(memory); }

static nx_status flush(scratch* s, nx_parsed_sink sink, void* sink_ctx) {
  const nx_sample_batch batch = {
      .struct_size = sizeof batch, .rows = s->rows, .t = s->t, .v = s->v};
  const nx_parsed parsed = {.struct_size = sizeof parsed, .key = s->key, .batch = &batch};
  const nx_status status = s->rows == 0 ? NX_OK : sink(sink_ctx, &parsed);
  s->rows = 0;
  return status;
}

static nx_status bad_line(nx_error* err, unsigned long line, size_t column) {
  char text[128];
  snprintf(text, sizeof text, "line %lu, column %lu: expected a name and a value", line,
           (unsigned long)column);
  return nx_fail(err, NX_ERR_INVALID_DATA, text);
}

static int is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':';
}

/* "name value" of `size` bytes. 0: it is not, from byte *name_size on. */
static int read_line(const char* line, size_t size, size_t* name_size, double* value) {
  char number[64];
  char* end;
  size_t left;
  while (*name_size < size && is_name_byte(line[*name_size])) ++*name_size;
  if (*name_size == 0 || *name_size == size || line[*name_size] != ' ') return 0;
  left = size - *name_size - 1;
  if (left == 0 || left >= sizeof number || line[*name_size + 1] == ' ') return 0;
  memcpy(number, line + *name_size + 1, left);
  number[left] = '\0';
  *value = strtod(number, &end);
  return end == number + left;
}

/* First phase: the bytes that name a series, and its value. Most series are known by their bytes.
 */
static nx_status NX_CALL parse(void* instance, void* memory, nx_buffer* body,
                               const nx_parse_opts* opts, nx_parsed_sink sink, void* sink_ctx,
                               nx_error* err) {
  scratch* s = memory;
  const uint64_t most =
      opts->max_rows != 0 && opts->max_rows < ROWS_MAX ? opts->max_rows : ROWS_MAX;
  const char* at = body->data;
  const char* const last = at + body->size;
  unsigned long line = 0;
  (void)instance;
  s->rows = 0;
  while (at < last) {
    const char* newline = memchr(at, '\n', (size_t)(last - at));
    const size_t size = (size_t)((newline != NULL ? newline : last) - at);
    size_t name_size = 0;
    line++;
    if (!read_line(at, size, &name_size, &s->v[s->rows])) return bad_line(err, line, name_size + 1);
    s->key[s->rows] = (nx_str){at, name_size};
    s->t[s->rows] = opts->default_t;
    s->rows++;
    if (s->rows == most) {
      const nx_status status = flush(s, sink, sink_ctx);
      if (status != NX_OK) return nx_fail(err, status, "the host stopped the parsing");
    }
    at += size + 1;
  }
  {
    const nx_status status = flush(s, sink, sink_ctx);
    return status == NX_OK ? NX_OK : nx_fail(err, status, "the host stopped the parsing");
  }
}

/* Second phase, for series that the host has not seen before: their labels. */
static nx_status NX_CALL labels(void* instance, void* memory, const nx_str* keys, uint64_t count,
                                nx_series_sink sink, void* sink_ctx, nx_error* err) {
  scratch* s = memory;
  nx_series_table table = {.struct_size = sizeof table};
  uint32_t i;
  (void)instance;
  if (count > ROWS_MAX) return nx_fail(err, NX_ERR_INVALID_ARGUMENT, "more keys than a batch has");
  s->symbols[0] = (nx_str)NX_STR("__name__");
  s->label_off[0] = 0;
  for (i = 0; i < count; i++) {
    s->symbols[i + 1] = keys[i];
    s->label_ref[2 * i] = 0;
    s->label_ref[2 * i + 1] = i + 1;
    s->label_off[i + 1] = i + 1;
  }
  table.series_count = (uint32_t)count;
  table.symbol_count = (uint32_t)count + 1;
  table.symbols = s->symbols;
  table.label_ref = s->label_ref;
  table.label_off = s->label_off;
  sink(sink_ctx, &table);
  return NX_OK;
}

static const nx_str content_types[] = {NX_STR("text/x-@NAME@")};
static const nx_str protocol_names[] = {NX_STR("@CLASS@")};
static const nx_parser parser = {
    .struct_size = sizeof(nx_parser),
    .content_types = content_types,
    .content_type_count = 1,
    .protocol_names = protocol_names,
    .parse = parse,
    .labels = labels,
    .scratch_new = scratch_new,
    .scratch_free = scratch_free,
};
static const nx_interface interfaces[] = {{NX_STR(NX_PARSER_ID), &parser}};
static const nx_component component = {
    .struct_size = sizeof(nx_component),
    .name = NX_STR("@NAME@"),
    .summary = NX_STR("Lines of names and values"),
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
    .summary = NX_STR("A scrape parser in C"),
    .components = components,
    .component_count = 1,
};

NX_PLUGIN_NOTE("@ID@", "1.0.0");
const nx_plugin* NX_CALL narthex_plugin_v0(void) { return &plugin; }
