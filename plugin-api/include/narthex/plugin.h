/* SPDX-License-Identifier: Apache-2.0
 *
 * narthex/plugin.h - the ground of the plugin ABI: basic types, the host object, descriptors.
 *
 * C99, no includes but <stddef.h> and <stdint.h>, 64-bit targets. A plugin imports no symbol from
 * the agent; all it gets comes through `nx_host`. The whole contract on a page:
 * plugin-api/docs/contract.md (rules NXR-*, quoted below where they matter).
 *
 * Versions   The major is the name of the one exported symbol, narthex_plugin_v0. While it is 0
 *            host and plugin must have the same minor. From 1 on a minor only appends fields to
 *            EXTENSIBLE structs; those start with `uint32_t struct_size`, set by the side that
 *            allocated the struct. Read or write a field newer than minor 0 only behind NX_HAS.
 *            Never assign a whole extensible struct of the other side, never embed one by value.
 *            FROZEN structs have no size and never change.
 * Memory     Borrow down: pointer arguments are valid until the call returns. Sink up: results are
 *            pushed into a sink of the caller, which copies. Refcount across time: only nx_buffer
 *            outlives a call. Descriptors, vtables and their strings are static.
 * Errors     A negative nx_status and, where the caller passed one, a filled nx_error. A negative
 *            status means nothing happened. Nothing is ever thrown across the border.
 * Threads    Every function carries the contexts it may be called in:
 *              [control] life cycle; serial per instance, may block within its deadline
 *              [worker]  pool thread; may block within its deadline; serial per instance unless
 *                        the component says NX_COMPONENT_CONCURRENT
 *              [io]      event loop; must not block (10 ms watchdog)
 *              [query]   computes only; concurrent; calls nothing of the host but its `ctx`
 *              [any]     callable from every thread at any time
 * Text       UTF-8 with a length, not terminated. Time is int64_t milliseconds since the Unix
 *            epoch unless the name says otherwise.
 */
#ifndef NARTHEX_PLUGIN_H
#define NARTHEX_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NX_ABI_MAJOR 0u
#define NX_ABI_MINOR 1u

/* Compile with -DNX_TARGET_ABI_MINOR=n to build for older hosts: later fields are not declared
 * then, so that sizeof, and with it struct_size, is what minor n had. */
#ifndef NX_TARGET_ABI_MINOR
#define NX_TARGET_ABI_MINOR NX_ABI_MINOR
#endif

#define NX_CALL
#define NX_EXPORT __attribute__((visibility("default")))

/* True when the extensible struct at p is long enough to hold `field`. */
#define NX_HAS(p, type, field) \
  ((p) != NULL && (size_t)(p)->struct_size >= offsetof(type, field) + sizeof((p)->field))
/* ... and the function pointer there is set. */
#define NX_HAS_FN(p, type, field) (NX_HAS(p, type, field) && (p)->field != NULL)

/* ---- basic types ------------------------------------------------------------------------- */

typedef struct nx_str { /* FROZEN */
  const char* ptr;      /* may be NULL when len is 0 */
  uint64_t len;
} nx_str;

typedef struct nx_bytes { /* FROZEN */
  const void* ptr;
  uint64_t len;
} nx_bytes;

/* Initialises an nx_str from a string literal. */
#define NX_STR(literal) \
  { (literal), sizeof(literal) - 1u }

typedef int32_t nx_status;
enum {
  NX_OK = 0,
  NX_END = 1,     /* nothing left; not an error */
  NX_PARTIAL = 2, /* done, but part of the input was refused: the result says which */
  NX_ERR_UNKNOWN = -1,
  NX_ERR_INVALID_ARGUMENT = -2,
  NX_ERR_INVALID_CONFIG = -3,
  NX_ERR_INVALID_DATA = -4, /* bytes from outside do not parse */
  NX_ERR_NOT_FOUND = -5,
  NX_ERR_ALREADY_EXISTS = -6,
  NX_ERR_UNSUPPORTED = -7,
  NX_ERR_PRECONDITION = -8, /* called in the wrong state */
  NX_ERR_EXHAUSTED = -9,    /* a limit; retry later */
  NX_ERR_CANCELLED = -10,
  NX_ERR_DEADLINE = -11,
  NX_ERR_UNAVAILABLE = -12, /* peer or disk not reachable; retry later */
  NX_ERR_PERMISSION = -13,
  NX_ERR_CORRUPT = -14, /* stored data is damaged */
  NX_ERR_IO = -15,
  NX_ERR_NO_MEMORY = -16,
  NX_ERR_INTERNAL = -17 /* a bug on the callee's side */
};

enum { NX_ERROR_RETRYABLE = 1u << 0 };

#define NX_ERROR_TEXT 488
/* Filled in place by the callee on failure. The caller sets struct_size and may pass NULL instead
 * of an error; everything else may be uninitialised. */
typedef struct nx_error {
  uint32_t struct_size;
  nx_status code;
  uint32_t flags; /* NX_ERROR_* */
  uint32_t retry_after_ms;
  uint32_t text_len; /* cut at a character border */
  uint32_t reserved0;
  char text[NX_ERROR_TEXT];
} nx_error;

/* Immutable counted memory, born with one reference. retain and release are [any]. The host makes
 * them by nx_host::buffer_new; a plugin may bring its own. `priv` belongs to the maker. */
typedef struct nx_buffer nx_buffer;
struct nx_buffer { /* FROZEN */
  const void* data;
  uint64_t size;
  void(NX_CALL* retain)(nx_buffer* self);
  void(NX_CALL* release)(nx_buffer* self);
  void* priv;
};

/* ---- nx_value: one tree for configuration, events, status and statistics ------------------- */

enum {
  NX_NULL = 0,
  NX_BOOL = 1,   /* u.i is 0 or 1 */
  NX_INT = 2,    /* u.i */
  NX_FLOAT = 3,  /* u.f */
  NX_STRING = 4, /* u.s, len */
  NX_TIME = 5,   /* u.i, ms since the epoch */
  NX_ARRAY = 6,  /* u.items, len */
  NX_TABLE = 7   /* u.entries, len; unique keys in file order */
};
enum { NX_VALUE_SECRET = 1u << 0 }; /* never shown, logged or published */

typedef struct nx_value nx_value;
typedef struct nx_kv nx_kv;

typedef union nx_value_u { /* FROZEN */
  int64_t i;
  double f;
  const char* s;
  const nx_value* items;
  const nx_kv* entries;
} nx_value_u;

struct nx_value { /* FROZEN, 16 bytes */
  uint8_t type;
  uint8_t flags;
  uint16_t reserved0;
  uint32_t len;
  nx_value_u u;
};

struct nx_kv { /* FROZEN, 32 bytes */
  nx_str key;
  nx_value value;
};

typedef void(NX_CALL* nx_value_sink)(void* sink_ctx, const nx_value* value);
typedef void(NX_CALL* nx_str_sink)(void* sink_ctx, const nx_str* items, uint64_t count);

/* ---- the host, one object an instance ------------------------------------------------------ */

enum { NX_LOG_DEBUG = 0, NX_LOG_INFO = 1, NX_LOG_WARN = 2, NX_LOG_ERROR = 3 };
enum {
  NX_THREAD_FOREIGN = 0, /* made by a plugin */
  NX_THREAD_CONTROL = 1,
  NX_THREAD_WORKER = 2,
  NX_THREAD_IO = 3,
  NX_THREAD_QUERY = 4
};
enum { NX_HEALTH_OK = 0, NX_HEALTH_DEGRADED = 1, NX_HEALTH_FAILED = 2 };

typedef struct nx_host nx_host;
/* Logs, metrics, limits and failures are attributed to the instance it belongs to. Valid from
 * create() until destroy() has returned. Pass it back as first argument of every host call. */
struct nx_host {
  uint32_t struct_size;
  uint32_t abi_minor; /* of the host */
  void* impl;
  nx_str product;  /* "narthex" */
  nx_str version;  /* of the agent */
  nx_str instance; /* "discovery.file#pods" */

  /* [any] Fields are copied; the host limits the rate of each call site. */
  void(NX_CALL* log)(const nx_host* host, int32_t level, nx_str text, const nx_kv* fields,
                     uint32_t field_count);
  /* [any] A host service by its id ("narthex.timer/1"); NULL when not offered to this instance.
   * The table lives for ever. Services: host.h, event.h. */
  const void*(NX_CALL* get_extension)(const nx_host* host, nx_str id);
  /* [any] A buffer of `size` bytes, aligned to 64, content undefined; *writable is its memory and
   * may be written until the buffer is first shared. NULL when over the instance's limit. */
  nx_buffer*(NX_CALL* buffer_new)(const nx_host* host, uint64_t size, void** writable);
  /* [any] Wall clock in ms, monotonic clock in ns; tests move both. */
  int64_t(NX_CALL* now_ms)(const nx_host* host);
  int64_t(NX_CALL* mono_ns)(const nx_host* host);
  /* [any] NX_THREAD_* of the calling thread, for assertions. */
  int32_t(NX_CALL* thread_kind)(const nx_host* host);
  /* [any] Shown by /api/v1/status/plugins and published as plugin.state. */
  void(NX_CALL* set_health)(const nx_host* host, int32_t health, nx_str reason);
  /* [control] Fills err with "file:line:column: text" for a value of the tree that was passed to
   * validate, create or reconfigure. Returns NX_ERR_INVALID_CONFIG. */
  nx_status(NX_CALL* config_error)(const nx_host* host, const nx_value* where, nx_str text,
                                   nx_error* err);
};

/* ---- descriptors: constant data, readable before any plugin code runs ---------------------- */

/* A capability: `vtable` is the struct that the header of `id` defines. Ids are
 * "narthex.<name>/<revision>"; others' ids carry their domain. */
typedef struct nx_interface { /* FROZEN */
  nx_str id;
  const void* vtable;
} nx_interface;

enum {
  NX_COMPONENT_CONCURRENT = 1u << 0,  /* [worker] calls of an instance may overlap */
  NX_COMPONENT_SINGLETON = 1u << 1,   /* at most one instance */
  NX_COMPONENT_NO_ISOLATION = 1u << 2 /* cannot live in a process of its own */
};

/* One thing a plugin can do, under the name that configurations use.
 *
 *   validate*   create -> (start -> [interface calls] -> stop)* -> destroy
 *
 * A create that fails has left nothing behind; destroy is not called then. */
typedef struct nx_component {
  uint32_t struct_size;
  uint32_t flags;       /* NX_COMPONENT_* */
  nx_str name;          /* [a-z][a-z0-9_]*, unique within the plugin */
  nx_str summary;       /* one line */
  nx_str config_schema; /* JSON Schema, the subset of docs/contract.md; empty: takes no options */
  const nx_interface* interfaces;
  uint32_t interface_count;
  uint32_t needs_count;
  const nx_str* needs; /* host services without which the host refuses the component */

  /* [control] Optional. Checks beyond the schema, no side effects. `config` satisfies the schema
   * and has its defaults filled in. */
  nx_status(NX_CALL* validate)(const nx_host* host, const nx_value* config, nx_error* err);
  /* [control] Optional (the instance is NULL then). No threads, no I/O; of the host only log,
   * config_error, buffer_new and get_extension. `config` stays valid until destroy() or until the
   * next reconfigure() has returned. */
  nx_status(NX_CALL* create)(const nx_host* host, const nx_value* config, void** instance,
                             nx_error* err);
  /* [control] Optional. From here on threads and callbacks are allowed. */
  nx_status(NX_CALL* start)(void* instance, nx_error* err);
  /* [control] Optional. NX_ERR_UNSUPPORTED asks for a new instance instead. On failure the old
   * configuration stays in force. */
  nx_status(NX_CALL* reconfigure)(void* instance, const nx_value* config, nx_error* err);
  /* [control] Optional. When it returns, no thread of the instance runs and none of its callbacks
   * is in flight. The deadline is on the clock of mono_ns. */
  void(NX_CALL* stop)(void* instance, int64_t deadline_mono_ns);
  /* [control] Optional. */
  void(NX_CALL* destroy)(void* instance);
} nx_component;

typedef struct nx_plugin {
  uint32_t struct_size;
  uint32_t abi_minor;     /* NX_TARGET_ABI_MINOR of the build */
  uint32_t abi_minor_min; /* the lowest host minor it can live with */
  uint32_t reserved0;
  nx_str id;      /* "discovery.file"; others' ids carry their domain: "org.example.lines" */
  nx_str version; /* MAJOR.MINOR.PATCH of the plugin */
  nx_str vendor;
  nx_str url;
  nx_str license; /* SPDX */
  nx_str summary;
  const nx_component* const* components;
  uint32_t component_count;
  uint32_t reserved1;

  /* [control] Optional, once a process, before any validate or create. Starts no threads. */
  nx_status(NX_CALL* load)(const nx_host* host, nx_error* err);
  /* [control] Optional, once, at an orderly exit. The library stays mapped all the same. */
  void(NX_CALL* unload)(void);
} nx_plugin;

/* The one exported symbol. [any] Pure: returns the same static descriptor every time, never NULL.
 */
typedef const nx_plugin*(NX_CALL* nx_plugin_entry)(void);
NX_EXPORT const nx_plugin* NX_CALL narthex_plugin_v0(void);
#define NX_ENTRY_SYMBOL "narthex_plugin_v0"

/* ---- ELF note: id and ABI, readable before dlopen runs any constructor ---------------------- */

#define NX_NOTE_SECTION ".note.narthex"
#define NX_NOTE_TYPE 0x4e58u
#define NX_NOTE_TEXT_SIZE(id, version) ((sizeof(id "\n" version) + 3u) / 4u * 4u)
/* Put one NX_PLUGIN_NOTE("org.example.x", "1.2.3"); into one source file of the plugin. The note
 * carries major, minor and "id\nversion" and survives strip; `readelf -n` shows it. */
#define NX_PLUGIN_NOTE(id_literal, version_literal)                                 \
  __attribute__((used, aligned(4), section(NX_NOTE_SECTION))) static const struct { \
    uint32_t name_size, desc_size, type;                                            \
    char name[8];                                                                   \
    uint32_t abi_major, abi_minor;                                                  \
    char text[NX_NOTE_TEXT_SIZE(id_literal, version_literal)];                      \
  } nx_plugin_note_ = {8u,                                                          \
                       8u + NX_NOTE_TEXT_SIZE(id_literal, version_literal),         \
                       NX_NOTE_TYPE,                                                \
                       "NARTHEX",                                                   \
                       NX_ABI_MAJOR,                                                \
                       NX_TARGET_ABI_MINOR,                                         \
                       id_literal "\n" version_literal}

/* ---- conveniences for C: compiled into the plugin, not part of the ABI ----------------------- */

static inline int nx_str_is(nx_str text, const char* literal, uint64_t len) {
  uint64_t i;
  if (text.len != len) return 0;
  for (i = 0; i < len; i++)
    if (text.ptr[i] != literal[i]) return 0;
  return 1;
}

/* The value under `key` of a table, or NULL. */
static inline const nx_value* nx_get(const nx_value* table, const char* key) {
  uint64_t len = 0;
  uint32_t i;
  if (table == NULL || table->type != NX_TABLE) return NULL;
  while (key[len] != '\0') len++;
  for (i = 0; i < table->len; i++)
    if (nx_str_is(table->u.entries[i].key, key, len)) return &table->u.entries[i].value;
  return NULL;
}

static inline int64_t nx_get_int(const nx_value* table, const char* key, int64_t otherwise) {
  const nx_value* v = nx_get(table, key);
  return v != NULL && (v->type == NX_INT || v->type == NX_BOOL) ? v->u.i : otherwise;
}

static inline nx_str nx_get_str(const nx_value* table, const char* key, nx_str otherwise) {
  const nx_value* v = nx_get(table, key);
  if (v != NULL && v->type == NX_STRING) {
    otherwise.ptr = v->u.s;
    otherwise.len = v->len;
  }
  return otherwise;
}

/* Fills err (when there is one) and returns code: `return nx_fail(err, NX_ERR_IO, "cannot ..."); */
static inline nx_status nx_fail(nx_error* err, nx_status code, const char* text) {
  uint32_t n = 0;
  if (NX_HAS(err, nx_error, text)) {
    while (text[n] != '\0' && n < NX_ERROR_TEXT) {
      err->text[n] = text[n];
      n++;
    }
    err->code = code;
    err->flags = 0;
    err->retry_after_ms = 0;
    err->text_len = n;
  }
  return code;
}

#ifdef __cplusplus
}
#endif
#endif /* NARTHEX_PLUGIN_H */
