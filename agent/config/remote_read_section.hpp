// SPDX-License-Identifier: Apache-2.0
// remote_read_section.hpp - reads Prometheus's remote_read list.
#pragma once

#include "config/table_reader.hpp"
#include "net/options.hpp"
#include "store/options.hpp"

#include <cstdint>
#include <vector>

namespace narthex::config {

// An endpoint, and what its options do not say.
struct RemoteReadSection {
  store::RemoteReadOptions options;
  net::ClientOptions client;  // the one that is checked and shown
};

std::vector<RemoteReadSection> read_remote_reads(TableReader& root);

}  // namespace narthex::config
