// SPDX-License-Identifier: Apache-2.0
// options.hpp - one receiver: [[ingest]], or a switch of [http].
#pragma once

#include "document/document.hpp"

#include <narthex/plugin.h>

#include <memory>
#include <string>

namespace narthex::ingest {

struct ReceiverOptions {
  std::string plugin;
  std::string listen;                // for receivers with sockets of their own
  const nx_value* config = nullptr;  // the plugin's own options
  std::shared_ptr<const document::Document> document;
  std::string fingerprint;
};

}  // namespace narthex::ingest
