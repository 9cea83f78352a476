// SPDX-License-Identifier: Apache-2.0
// tap.hpp - lets one listener see what transactions store: who forwards samples needs neither the
// storage's log nor a second path for writers.
//
// What is seen, in order: series as they get their references, then rows with what the storage said
// of each, then commit() right before the storage commits. A transaction that dies without it never
// was. References are the storage's; a listener that came later does not know all of them: rows of
// those are answered as unknown, and writers resolve again, as the ABI has them do.
#pragma once

#include <narthex/data.h>

#include <cstdint>
#include <memory>
#include <span>

namespace narthex::store {

// Used by one thread at a time. Nothing of it throws or blocks for long.
class TapTransaction {
 public:
  virtual ~TapTransaction() = default;
  virtual void resolved(const nx_series_table& table, std::span<const std::uint64_t> refs) = 0;
  virtual void laid_out(std::uint64_t layout, std::span<const std::uint64_t> refs) = 0;
  virtual bool knows(const nx_sample_batch& batch) = 0;
  // codes[r]: what became of row r, NX_ROW_*. REQUIRES: knows(batch).
  virtual void appended(const nx_sample_batch& batch, std::span<const std::uint8_t> codes) = 0;
  virtual void commit() = 0;
};

// Thread-safe. It outlives its transactions.
class Tap {
 public:
  virtual ~Tap() = default;
  virtual std::unique_ptr<TapTransaction> begin() = 0;
};

}  // namespace narthex::store
