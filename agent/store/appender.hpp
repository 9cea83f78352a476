// SPDX-License-Identifier: Apache-2.0
// appender.hpp - what an Appender is made of. Private to the room.
#pragma once

#include "store/backend.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace narthex::store {

struct Appender::Impl {
  Impl(std::shared_ptr<const Backend> the_backend, nx_txn* the_txn, std::shared_ptr<Tap> the_tap)
      : backend(std::move(the_backend)),
        txn(the_txn),
        tap(std::move(the_tap)),
        seen(tap != nullptr ? tap->begin() : nullptr) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();  // rolls back

  const std::shared_ptr<const Backend> backend;
  nx_txn* txn;                                 // nullptr: ended
  const std::shared_ptr<Tap> tap;              // lives as long as what it began
  const std::unique_ptr<TapTransaction> seen;  // null: nobody looks
  std::vector<std::uint8_t> codes;             // when the caller wants none
};

}  // namespace narthex::store
