// SPDX-License-Identifier: Apache-2.0
// store_source.hpp - lets a query read from the store: promql::Source over one store::Querier,
// whose cursors read ahead.
#pragma once

#include "promql/source.hpp"
#include "runtime/executor.hpp"
#include "store/store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace narthex::api {

class StoreSource final : public promql::Source {
 public:
  // Opened for all times: each select names its own range.
  static Result<std::unique_ptr<StoreSource>> open(store::Store& store,
                                                   runtime::Executor& executor);
  StoreSource(store::Querier querier, runtime::Executor& executor)
      : querier_(std::move(querier)), executor_(executor) {}

  Result<std::unique_ptr<promql::BlockCursor>> select(
      std::span<const promql::LabelMatcher> matchers, const nx_scan_opts& options) override;

  void cancel() { querier_.cancel(); }  // [any]
  // What other servers could not add.
  std::vector<std::string> warnings() const { return querier_.warnings(); }

 private:
  store::Querier querier_;
  runtime::Executor& executor_;
};

}  // namespace narthex::api
