// SPDX-License-Identifier: Apache-2.0
// remote_reads.hpp - the endpoints of remote_read as instances of the plugin storage.remote that
// are only read. Used by one thread at a time.
#pragma once

#include "host/plugin_host.hpp"
#include "store/store.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace narthex {

class RemoteReads {
 public:
  // Both outlive it.
  RemoteReads(host::PluginHost& plugins, store::Store& store) : plugins_(plugins), store_(store) {}

  // All of them are made and started before the store sees any; on failure the old ones stay.
  Status apply(const std::vector<store::RemoteReadOptions>& options,
               const std::vector<std::pair<std::string, std::string>>& external_labels);
  void stop(std::int64_t deadline_mono_ns);

 private:
  Result<std::shared_ptr<host::Instance>> make(const store::RemoteReadOptions& options,
                                               std::size_t index);

  host::PluginHost& plugins_;
  store::Store& store_;
  std::vector<std::shared_ptr<host::Instance>> instances_;
  std::string applied_;  // fingerprint of what is in force
};

}  // namespace narthex
