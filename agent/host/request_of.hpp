// SPDX-License-Identifier: Apache-2.0
// request_of.hpp - what an instance is asked to be, from the options that a configuration has of
// it.
#pragma once

#include "host/plugin_host.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace narthex::host {

// Options: has plugin, config, document and isolated; they outlive the request.
template <class Options>
InstanceRequest request_of(std::string_view interface_id, std::string_view kind,
                           const Options& options, std::string name = {}) {
  InstanceRequest request;
  request.interface_id = interface_id;
  request.kind = kind;
  request.component = options.plugin;
  request.name = std::move(name);
  request.config = options.config;
  request.document = options.document;
  request.isolated = options.isolated;
  return request;
}

}  // namespace narthex::host
