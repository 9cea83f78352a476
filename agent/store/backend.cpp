// SPDX-License-Identifier: Apache-2.0
#include "store/backend.hpp"

namespace narthex::store {
namespace {

// Writers wait for the backend, so a slow one shows; readers have deadlines of their own, and
// upkeep and deletion may take long.
constexpr std::int64_t kWriteDeadlineMs = 60'000;
constexpr std::int64_t kNoDeadline = 0;

}  // namespace

Backend::Backend(std::shared_ptr<host::Instance> the_instance)
    : instance(std::move(the_instance)),
      table(static_cast<const nx_storage*>(instance->table(NX_STORAGE_ID))),
      capabilities(instance->site(NX_STORAGE_ID ".capabilities", kNoDeadline)),
      begin(instance->site(NX_STORAGE_ID ".begin", kWriteDeadlineMs)),
      resolve(instance->site(NX_STORAGE_ID ".resolve", kWriteDeadlineMs)),
      append(instance->site(NX_STORAGE_ID ".append", kWriteDeadlineMs)),
      commit(instance->site(NX_STORAGE_ID ".commit", kWriteDeadlineMs)),
      rollback(instance->site(NX_STORAGE_ID ".rollback", kWriteDeadlineMs)),
      layout(instance->site(NX_STORAGE_ID ".layout", kWriteDeadlineMs)),
      cohort_open(instance->site(NX_STORAGE_ID ".cohort_open", kNoDeadline)),
      cohort_close(instance->site(NX_STORAGE_ID ".cohort_close", kNoDeadline)),
      open(instance->site(NX_STORAGE_ID ".open", kNoDeadline)),
      close(instance->site(NX_STORAGE_ID ".close", kNoDeadline)),
      label_names(instance->site(NX_STORAGE_ID ".label_names", kNoDeadline)),
      label_values(instance->site(NX_STORAGE_ID ".label_values", kNoDeadline)),
      select(instance->site(NX_STORAGE_ID ".select", kNoDeadline)),
      next(instance->site(NX_STORAGE_ID ".next", kNoDeadline)),
      split(instance->site(NX_STORAGE_ID ".split", kNoDeadline)),
      cursor_close(instance->site(NX_STORAGE_ID ".cursor_close", kNoDeadline)),
      cancel(instance->site(NX_STORAGE_ID ".cancel", kNoDeadline)),
      exemplars(instance->site(NX_STORAGE_ID ".exemplars", kNoDeadline)),
      metadata(instance->site(NX_STORAGE_ID ".metadata", kNoDeadline)),
      delete_series(instance->site(NX_STORAGE_ID ".delete_series", kNoDeadline)),
      clean_deleted(instance->site(NX_STORAGE_ID ".clean_deleted", kNoDeadline)),
      snapshot(instance->site(NX_STORAGE_ID ".snapshot", kNoDeadline)),
      set_retention(instance->site(NX_STORAGE_ID ".set_retention", kNoDeadline)),
      maintain(instance->site(NX_STORAGE_ID ".maintain", kNoDeadline)),
      stats(instance->site(NX_STORAGE_ID ".stats", kNoDeadline)) {}

}  // namespace narthex::store
