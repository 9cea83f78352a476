// SPDX-License-Identifier: Apache-2.0
#include "host/interfaces.hpp"

#include <narthex/discovery.h>
#include <narthex/event.h>
#include <narthex/exporter.h>
#include <narthex/function.h>
#include <narthex/ingest.h>
#include <narthex/notifier.h>
#include <narthex/protocol.h>
#include <narthex/sdk/text.hpp>
#include <narthex/storage.h>

#include <array>
#include <string>

namespace narthex::host {
namespace {

Status missing(std::string_view what) {
  return invalid_data("its table lacks " + std::string(what));
}

#define NARTHEX_REQUIRE_FN(table, type, field) \
  if (!NX_HAS_FN(table, type, field)) return missing(#field)

Status check_discovery(const void* vtable) {
  const auto* t = static_cast<const nx_discovery*>(vtable);
  const bool refresh = NX_HAS_FN(t, nx_discovery, refresh);
  const bool run = NX_HAS_FN(t, nx_discovery, run);
  if (refresh && run) return invalid_data("its table has both refresh and run");
  return refresh || run ? Status() : missing("refresh or run");
}

Status check_exporter(const void* vtable) {
  NARTHEX_REQUIRE_FN(static_cast<const nx_exporter*>(vtable), nx_exporter, collect);
  return Status();
}

Status check_parser(const void* vtable) {
  const auto* t = static_cast<const nx_parser*>(vtable);
  NARTHEX_REQUIRE_FN(t, nx_parser, parse);
  NARTHEX_REQUIRE_FN(t, nx_parser, labels);
  NARTHEX_REQUIRE_FN(t, nx_parser, scratch_new);
  NARTHEX_REQUIRE_FN(t, nx_parser, scratch_free);
  if (t->content_type_count != 0 && t->content_types != nullptr && t->protocol_names != nullptr) {
    return Status();
  }
  return missing("content_types or protocol_names");
}

Status check_ingest(const void* vtable) {
  const auto* t = static_cast<const nx_ingest*>(vtable);
  NARTHEX_REQUIRE_FN(t, nx_ingest, routes);
  NARTHEX_REQUIRE_FN(t, nx_ingest, handle);
  return Status();
}

Status check_ingest_datagram(const void* vtable) {
  const auto* t = static_cast<const nx_ingest_datagram*>(vtable);
  NARTHEX_REQUIRE_FN(t, nx_ingest_datagram, packets);
  return Status();
}

Status check_notifier(const void* vtable) {
  const auto* t = static_cast<const nx_notifier*>(vtable);
  NARTHEX_REQUIRE_FN(t, nx_notifier, notify);
  return Status();
}

// What a storage may leave out depends on its capabilities, which only a running instance tells.
Status check_storage(const void* vtable) {
  const auto* t = static_cast<const nx_storage*>(vtable);
  NARTHEX_REQUIRE_FN(t, nx_storage, capabilities);
  return Status();
}

Status check_function(const nx_function* f) {
  if (!NX_HAS(f, nx_function, variadic)) return invalid_data("a function is NULL or too short");
  const std::string name(view(f->name));
  if (name.empty()) return invalid_data("a function has no name");
  const bool ok = f->kind == NX_FN_MATRIX   ? NX_HAS_FN(f, nx_function, eval_matrix)
                  : f->kind == NX_FN_WINDOW ? NX_HAS_FN(f, nx_function, eval_window)
                                            : NX_HAS_FN(f, nx_function, eval);
  if (!ok) return invalid_data("function " + name + " lacks the eval of its kind");
  if (f->required > f->param_count || (f->param_count != 0 && f->params == nullptr)) {
    return invalid_data("function " + name + " has inconsistent parameters");
  }
  return Status();
}

Status check_functions(const void* vtable) {
  const auto* t = static_cast<const nx_function_set*>(vtable);
  if (!NX_HAS(t, nx_function_set, functions) || t->functions == nullptr || t->count == 0) {
    return missing("functions");
  }
  for (std::uint32_t i = 0; i < t->count; ++i) {
    if (Status status = check_function(t->functions[i]); !status.ok()) return status;
  }
  return Status();
}

#undef NARTHEX_REQUIRE_FN

struct KnownInterface {
  std::string_view id;
  Status (*check)(const void*);
};

constexpr std::array kInterfaces = {
    KnownInterface{NX_DISCOVERY_ID, &check_discovery},
    KnownInterface{NX_EXPORTER_ID, &check_exporter},
    KnownInterface{NX_PARSER_ID, &check_parser},
    KnownInterface{NX_INGEST_ID, &check_ingest},
    KnownInterface{NX_INGEST_DATAGRAM_ID, &check_ingest_datagram},
    KnownInterface{NX_NOTIFIER_ID, &check_notifier},
    KnownInterface{NX_STORAGE_ID, &check_storage},
    KnownInterface{NX_FUNCTIONS_ID, &check_functions},
};

struct KnownEntry {
  std::string_view entry;
  EntryRule rule;
};

// Storage and cleaning up after it (rollback, close) are not gated: what was begun must be ended.
constexpr std::array kEntries = {
    KnownEntry{NX_DISCOVERY_ID ".refresh", {.serial = true, .gated = true}},
    KnownEntry{NX_DISCOVERY_ID ".run", {.control = true}},
    KnownEntry{NX_INGEST_ID ".routes", {.control = true}},
    KnownEntry{NX_EXPORTER_ID ".collect", {.serial = true, .gated = true}},
    KnownEntry{NX_PARSER_ID ".parse", {.serial = false, .gated = true}},
    KnownEntry{NX_INGEST_ID ".handle", {.serial = false, .gated = true}},
    KnownEntry{NX_INGEST_DATAGRAM_ID ".packets", {.serial = true, .gated = true}},
    KnownEntry{NX_INGEST_DATAGRAM_ID ".flush", {.serial = true, .gated = true}},
    KnownEntry{NX_NOTIFIER_ID ".notify", {.serial = true, .gated = true}},
    KnownEntry{NX_NOTIFIER_ID ".probe", {.serial = true, .gated = true}},
    KnownEntry{NX_STORAGE_ID ".begin", {.serial = false, .gated = true}},
    KnownEntry{NX_STORAGE_ID ".open", {.serial = false, .gated = true}},
    KnownEntry{NX_FUNCTIONS_ID ".eval", {.serial = false, .gated = true}},
    KnownEntry{NX_FUNCTIONS_ID ".eval_window", {.serial = false, .gated = true}},
    KnownEntry{NX_FUNCTIONS_ID ".eval_matrix", {.serial = false, .gated = true}},
    KnownEntry{"tasks.callback", {.serial = true, .gated = true}},
    KnownEntry{"http_client.done", {.serial = true, .gated = false}},
    KnownEntry{"bus.events", {.serial = true, .gated = true}},
};

}  // namespace

EntryRule entry_rule(std::string_view entry) {
  for (const KnownEntry& known : kEntries) {
    if (known.entry == entry) return known.rule;
  }
  return {};
}

bool is_known_interface(std::string_view id) {
  for (const KnownInterface& known : kInterfaces) {
    if (known.id == id) return true;
  }
  return false;
}

Status check_vtable(std::string_view id, const void* vtable) {
  for (const KnownInterface& known : kInterfaces) {
    if (known.id != id) continue;
    if (vtable == nullptr) return invalid_data("its table is NULL");
    return known.check(vtable);
  }
  return Status();
}

}  // namespace narthex::host
