// SPDX-License-Identifier: Apache-2.0
// querier.hpp - what Querier and Cursor are made of. Private to the room. Cursors keep the querier
// they came from open.
#pragma once

#include "store/backend.hpp"
#include "store/store.hpp"

#include <memory>

namespace narthex::store {

struct Querier::Impl {
  Impl(std::shared_ptr<const Backend> the_backend, nx_querier* opened)
      : backend(std::move(the_backend)), querier(opened) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  const std::shared_ptr<const Backend> backend;
  nx_querier* const querier;
};

struct Cursor::Impl {
  Impl(std::shared_ptr<const void> keeps, std::shared_ptr<const Backend> the_backend,
       nx_cursor* opened);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  const std::shared_ptr<const void> querier;
  const std::shared_ptr<const Backend> backend;
  nx_cursor* const cursor;
  nx_block block{};
  Status status;
  bool ended = false;
};

}  // namespace narthex::store
