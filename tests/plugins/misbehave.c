/* SPDX-License-Identifier: Apache-2.0
 * An exporter that is right but for the one thing that a BAD_* macro asks for. */
#define _GNU_SOURCE
#include <narthex/exporter.h>
#include <narthex/host.h>

#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef MISBEHAVE_VERSION
#define MISBEHAVE_VERSION "1.0.0"
#endif
#ifdef MISBEHAVE_NAME
#define MISBEHAVE_ID "org.example." MISBEHAVE_NAME
#else
#define MISBEHAVE_NAME "bad"
#define MISBEHAVE_ID "org.example.misbehave"
#endif

typedef struct state {
  const nx_host* host;
  nx_str kept;
  pthread_t thread;
  char* made;
} state;

static nx_status NX_CALL create(const nx_host* host, const nx_value* config, void** instance,
                                nx_error* err) {
  state* self = calloc(1, sizeof *self);
  if (self == NULL) return nx_fail(err, NX_ERR_NO_MEMORY, "out of memory");
  self->host = host;
#ifdef BAD_CREATE_TASK
  {
    const nx_ext_tasks* tasks = host->get_extension(host, (nx_str)NX_STR(NX_EXT_TASKS));
    if (tasks != NULL) (void)tasks->post(host, 0, NULL, NULL);
  }
#endif
#ifdef BAD_SECRET
  {
    const nx_str secret = nx_get_str(config, "password", (nx_str){NULL, 0});
    host->log(host, NX_LOG_INFO, secret, NULL, 0);
  }
#endif
#ifdef BAD_SILENT
  if (nx_get(config, "path") != NULL) {
    free(self);
    return NX_ERR_INVALID_CONFIG;
  }
#endif
  (void)config;
  *instance = self;
  return NX_OK;
}

static void NX_CALL destroy(void* instance) {
#ifdef BAD_LEAK
  (void)instance;
#else
  free(instance);
#endif
}

#ifdef BAD_THREAD
static void* run_on(void* user) {
  (void)user;
  pause();
  return NULL;
}
static nx_status NX_CALL start(void* instance, nx_error* err) {
  state* self = instance;
  if (pthread_create(&self->thread, NULL, run_on, self) != 0)
    return nx_fail(err, NX_ERR_EXHAUSTED, "no thread to be had");
  pthread_detach(self->thread);
  return NX_OK;
}
#endif

#ifdef BAD_NO_START
static nx_status NX_CALL start(void* instance, nx_error* err) {
  (void)instance;
  return nx_fail(err, NX_ERR_UNAVAILABLE, "this one never starts");
}
#endif

#ifdef BAD_SIGNAL
static void on_signal(int number) { (void)number; }
#endif

/* Towards the process. */
static void misbehave(void) {
#ifdef BAD_PRINT
  printf("collecting\n");
#endif
#ifdef BAD_ABORT
  abort();
#endif
#ifdef BAD_EXIT
  exit(0);
#endif
#ifdef BAD_SEGFAULT
  {
    volatile int* volatile nowhere = NULL;
    *nowhere = 1;
  }
#endif
#ifdef BAD_SIGNAL
  signal(SIGUSR2, on_signal);
#endif
#ifdef BAD_LOCALE
  setlocale(LC_ALL, "C.UTF-8");
#endif
#ifdef BAD_HANG
  for (;;) pause();
#endif
}

/* Towards the host's buffers. */
static void mishandle_buffers(const nx_host* host) {
  (void)host;
#ifdef BAD_BUFFER
  {
    void* memory;
    (void)host->buffer_new(host, 64, &memory);
  }
#endif
#ifdef BAD_RELEASE
  {
    void* memory;
    nx_buffer* buffer = host->buffer_new(host, 64, &memory);
    if (buffer != NULL) {
      buffer->release(buffer);
      buffer->release(buffer);
    }
  }
#endif
#ifdef BAD_IGNORES_FAILURE
  {
    void* memory;
    nx_buffer* buffer = host->buffer_new(host, 64, &memory);
    memset(memory, 0, 64);
    buffer->release(buffer);
  }
#endif
}

static nx_status NX_CALL collect(void* instance, const nx_collection* c, nx_error* err) {
  state* self = instance;
  const uint32_t family = c->family(c, NX_TYPE_GAUGE, (nx_str)NX_STR("bad"), (nx_str){NULL, 0},
                                    (nx_str)NX_STR("Nothing."));
  nx_label label = {NX_STR("a"), NX_STR("b")};
  (void)self;
  (void)err;
  misbehave();
  mishandle_buffers(self->host);
#ifdef BAD_CALL_LEAK
  self->made = malloc(256);
#endif
#ifdef BAD_KEEP
  /* The collection is lent for one call: its address is worth nothing in the next one. */
  if (self->kept.ptr != NULL && *(const volatile char*)self->kept.ptr == 'x') label.value.len = 0;
  self->kept.ptr = (const char*)c;
#endif
#ifdef BAD_WRITE_ARGUMENT
  ((nx_collection*)(uintptr_t)c)->reserved0 = 1;
#endif
#ifdef BAD_WRITE_PAST
  if (err != NULL) memset(err, 0, sizeof *err + 64);
#endif
#ifdef BAD_SIZE_CHANGED
  if (err != NULL) err->struct_size = 4;
#endif
#ifdef BAD_ERROR_TEXT
  return NX_ERR_IO;
#endif
#ifdef BAD_PARTIAL
  c->sample(c, family, &label, 1, 1.0, 0);
  return NX_PARTIAL;
#endif
#ifdef BAD_TWICE_SERIES
  c->sample(c, family, &label, 1, 1.0, 0);
#endif
#ifdef BAD_LABEL
  label.name = (nx_str)NX_STR("__name__");
#endif
  c->sample(c, family, &label, 1, 1.0, 0);
  return NX_OK;
}

static const nx_exporter exporter = {.struct_size = sizeof(nx_exporter), .collect = collect};
static const nx_interface interfaces[] = {{NX_STR(NX_EXPORTER_ID), &exporter}};
#if defined(BAD_SECRET)
#define SCHEMA                                                                     \
  "{\"properties\": {\"password\": {\"type\": \"string\", \"format\": \"secret\"," \
  " \"description\": \"A password.\"}}}"
#elif defined(BAD_SILENT)
#define SCHEMA "{\"properties\": {\"path\": {\"type\": \"string\", \"description\": \"A path.\"}}}"
#else
#define SCHEMA ""
#endif
static const nx_component component = {
    .struct_size = sizeof(nx_component),
    .name = NX_STR(MISBEHAVE_NAME),
    .summary = NX_STR("Wrong in one way"),
    .config_schema = NX_STR(SCHEMA),
    .interfaces = interfaces,
    .interface_count = 1,
    .create = create,
#if defined(BAD_THREAD) || defined(BAD_NO_START)
    .start = start,
#endif
    .destroy = destroy,
};
static const nx_component* const components[] = {&component};
static const nx_plugin plugin = {
    .struct_size = sizeof(nx_plugin),
    .abi_minor = NX_TARGET_ABI_MINOR,
    .id = NX_STR(MISBEHAVE_ID),
    .version = NX_STR(MISBEHAVE_VERSION),
    .license = NX_STR("Apache-2.0"),
    .summary = NX_STR("Wrong in one way"),
    .components = components,
    .component_count = 1,
};

NX_PLUGIN_NOTE(MISBEHAVE_ID, MISBEHAVE_VERSION);
const nx_plugin* NX_CALL narthex_plugin_v0(void) { return &plugin; }
