// SPDX-License-Identifier: Apache-2.0
// options.hpp - one discovery mechanism of one job, as configured.
#pragma once

#include "document/document.hpp"

#include <narthex/plugin.h>

#include <memory>
#include <string>

namespace narthex::discovery {

// An element of a `<plugin>_sd_configs` list. `config` points into `document`.
// The static_configs of a job are one mechanism of plugin "static" whose config is
// {"groups": [{"targets": [...], "labels": {...}}, ...]}; targets and label values are strings, and
// every node has its place in `document`.
struct MechanismOptions {
  std::string plugin;  // "file"
  const nx_value* config = nullptr;
  std::shared_ptr<const document::Document> document;
  bool isolated = false;    // isolation = "process"
  std::string fingerprint;  // of the config's text: equal means unchanged over a reload
};

}  // namespace narthex::discovery
