/* SPDX-License-Identifier: Apache-2.0
 * Service discovery: one host:port on each line of a file becomes a target.
 *
 * Every struct_size is set, the rest is zero. What the functions owe and who calls them when is in
 * narthex/discovery.h. */
#include <narthex/discovery.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGETS_MAX 1000
#define LINE_MAX_BYTES 256

/* The options arrive checked against this, with defaults filled in. */
static const char kSchema[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"path\"],"
    " \"properties\": {\"path\": {\"type\": \"string\", \"format\": \"path\","
    " \"description\": \"The file to read.\", \"examples\": [\"targets.txt\"]}}}";

typedef struct discovery {
  char* path;
} discovery;

static nx_status NX_CALL create(const nx_host* host, const nx_value* config, void** instance,
                                nx_error* err) {
  const nx_str path = nx_get_str(config, "path", (nx_str){NULL, 0});
  discovery* self = malloc(sizeof *self);
  (void)host;
  if (self == NULL) return nx_fail(err, NX_ERR_NO_MEMORY, "out of memory");
  self->path = malloc(path.len + 1);
  if (self->path == NULL) {
    free(self);
    return nx_fail(err, NX_ERR_NO_MEMORY, "out of memory");
  }
  if (path.len != 0) memcpy(self->path, path.ptr, path.len);
  self->path[path.len] = '\0';
  *instance = self;
  return NX_OK;
}

static void NX_CALL destroy(void* instance) {
  discovery* self = instance;
  free(self->path);
  free(self);
}

/* Everything a refresh needs, so that one allocation is enough. */
typedef struct lines {
  char text[TARGETS_MAX][LINE_MAX_BYTES];
  nx_label labels[TARGETS_MAX];
  nx_target targets[TARGETS_MAX];
  uint32_t count;
} lines;

static void read_lines(FILE* file, lines* all) {
  while (all->count < TARGETS_MAX && fgets(all->text[all->count], LINE_MAX_BYTES, file) != NULL) {
    char* line = all->text[all->count];
    const size_t size = strcspn(line, "\r\n");
    if (size == 0 || line[0] == '#') continue;
    all->labels[all->count] = (nx_label){NX_STR("__address__"), {line, size}};
    all->targets[all->count] = (nx_target){&all->labels[all->count], 1};
    all->count++;
  }
}

/* The host calls this every interval, on a worker. A failure leaves the targets as they were. */
static nx_status NX_CALL refresh(void* instance, const nx_discovery_sink* sink, nx_error* err) {
  const discovery* self = instance;
  FILE* file = fopen(self->path, "r");
  nx_status status;
  lines* all;
  if (file == NULL) return nx_fail(err, NX_ERR_UNAVAILABLE, "cannot open the file of targets");
  all = calloc(1, sizeof *all);
  if (all == NULL) {
    fclose(file);
    return nx_fail(err, NX_ERR_NO_MEMORY, "out of memory");
  }
  read_lines(file, all);
  fclose(file);
  {
    const nx_target_group group = {
        .struct_size = sizeof group,
        .source = {self->path, strlen(self->path)},
        .targets = all->targets,
        .target_count = all->count,
    };
    const nx_target_group* const groups[] = {&group};
    status = sink->update(sink, groups, 1, err);
  }
  free(all);
  return status;
}

static const nx_discovery table = {
    .struct_size = sizeof(nx_discovery), .default_interval_ms = 30000, .refresh = refresh};
static const nx_interface interfaces[] = {{NX_STR(NX_DISCOVERY_ID), &table}};
static const nx_component component = {
    .struct_size = sizeof(nx_component),
    .name = NX_STR("@NAME@"),
    .summary = NX_STR("Targets from a text file, one per line"),
    .config_schema = {kSchema, sizeof kSchema - 1},
    .interfaces = interfaces,
    .interface_count = 1,
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
    .summary = NX_STR("Service discovery in C"),
    .components = components,
    .component_count = 1,
};

NX_PLUGIN_NOTE("@ID@", "1.0.0");
const nx_plugin* NX_CALL narthex_plugin_v0(void) { return &plugin; }
