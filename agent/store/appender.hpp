// SPDX-License-Identifier: Apache-2.0
// appender.hpp - what an Appender is made of. Private to the room.
#pragma once

#include "store/backend.hpp"
#include "store/store.hpp"

#include <memory>

namespace narthex::store {

struct Appender::Impl {
  Impl(std::shared_ptr<const Backend> the_backend, nx_txn* the_txn)
      : backend(std::move(the_backend)), txn(the_txn) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();  // rolls back

  const std::shared_ptr<const Backend> backend;
  nx_txn* txn;  // nullptr: ended
};

}  // namespace narthex::store
