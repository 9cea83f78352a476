// SPDX-License-Identifier: Apache-2.0
// append_service.hpp - the host service "narthex.append/1": what a plugin appends goes through the
// store. An appender begins its transaction with the first sample, so that a request without any
// costs none.
#pragma once

#include "store/store.hpp"

#include <narthex/host.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace narthex::ingest {

// Behind an nx_appender. Used by one thread at a time.
class SampleAppender {
 public:
  SampleAppender(store::Store& store, std::string_view origin) : store_(store), origin_(origin) {}

  nx_appender* handle() { return reinterpret_cast<nx_appender*>(this); }
  static SampleAppender& of(nx_appender* handle) {
    return *reinterpret_cast<SampleAppender*>(handle);
  }

  // Begins the transaction, unless it has: fails where the storage takes nothing at present.
  Status begin();
  Status resolve(const nx_series_table& table, std::span<std::uint64_t> refs,
                 std::span<std::uint8_t> codes);
  Status append(const nx_sample_batch& batch, nx_append_result& result);
  // Ends the transaction, if there is one. result has what became of its rows.
  Status commit(nx_append_result& result);
  void rollback() { transaction_.reset(); }

 private:
  Status append_by_table(const nx_sample_batch& batch, nx_append_result& result);

  store::Store& store_;
  const std::string origin_;
  std::optional<store::Appender> transaction_;
};

// The table; it lives for ever.
const nx_ext_append& append_service();

// Lets an instance begin appenders of its own, outside a request. C functions get nothing but the
// host object, so which store belongs to it stands in a table of the process; the entry lives from
// the constructor to the destructor. Store and instance outlive it.
class AppendGrant {
 public:
  AppendGrant(const nx_host* host, store::Store& store);
  AppendGrant(const AppendGrant&) = delete;
  AppendGrant& operator=(const AppendGrant&) = delete;
  ~AppendGrant();

 private:
  const nx_host* const host_;
};

}  // namespace narthex::ingest
