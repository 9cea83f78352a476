// SPDX-License-Identifier: Apache-2.0
// backend.hpp - the storage plugin as this room calls it: its instance, its table and one call site
// an entry. Private to the room. Immutable after construction, thread-safe.
#pragma once

#include "host/instance.hpp"

#include <narthex/storage.h>

#include <memory>
#include <string>
#include <utility>

namespace narthex::store {

struct Backend {
  explicit Backend(std::shared_ptr<host::Instance> the_instance);

  // Calls an entry of the table inside the guard; f(table, instance pointer, error).
  template <class F>
  Status call(const host::CallSite& site, F&& f, nx_status* code = nullptr) const {
    return instance->call(
        site, [&](void* self, nx_error* err) { return f(*table, self, err); }, code);
  }
  // For entries that cannot fail.
  template <class F>
  void call_void(const host::CallSite& site, F&& f) const {
    (void)instance->call(site, [&](void* self, nx_error*) -> nx_status {
      f(*table, self);
      return NX_OK;
    });
  }
  // The table has this function.
  static Status unsupported(const char* what) {
    return {NX_ERR_UNSUPPORTED, std::string("the storage backend has no ") + what};
  }

  const std::shared_ptr<host::Instance> instance;
  const nx_storage* const table;
  const host::CallSite capabilities, begin, resolve, append, commit, rollback, layout, cohort_open,
      cohort_close, open, close, label_names, label_values, select, next, split, cursor_close,
      cancel, exemplars, metadata, delete_series, clean_deleted, snapshot, set_retention, maintain,
      stats;
};

}  // namespace narthex::store
