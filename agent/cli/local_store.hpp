// SPDX-License-Identifier: Apache-2.0
// local_store.hpp - the store of a data directory, opened in the process of a tool: locked as serve
// locks it, closed cleanly when it dies.
#pragma once

#include "cli/tool.hpp"
#include "cli/tool_host.hpp"
#include "runtime/data_directory.hpp"
#include "store/store.hpp"

#include <narthex/sdk/result.hpp>

#include <memory>
#include <optional>
#include <string>

namespace narthex::cli {

class LocalStore {
 public:
  // A directory that does not exist is made when `create`, and a failure otherwise. Backends that
  // keep nothing over their end are refused.
  static Result<std::unique_ptr<LocalStore>> open(const DataOptions& options, bool create);
  ~LocalStore();

  store::Store& store() { return *store_; }
  ToolHost& host() { return host_; }

 private:
  LocalStore(runtime::DataDirectory directory, const DataOptions& options);
  Status start(const DataOptions& options);

  runtime::DataDirectory directory_;
  ToolHost host_;
  std::shared_ptr<host::Instance> instance_;
  std::optional<store::Store> store_;
};

}  // namespace narthex::cli
