// SPDX-License-Identifier: Apache-2.0
// options.hpp - one receiver: [[ingest]], or a switch of [http]. With `listen` it has sockets of
// its own, without it is mounted on the agent's HTTP server.
#pragma once

#include "document/document.hpp"

#include <narthex/ingest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace narthex::ingest {

struct ReceiverOptions {
  std::string plugin;
  bool isolated = false;  // isolation = "process"
  std::string listen;     // for receivers with sockets of their own; the next six are theirs
  bool tcp = true;
  bool udp = true;
  std::uint64_t connections_max = 1000;
  std::int64_t idle_timeout_ms = 600'000;
  std::uint64_t line_bytes_max = 64 << 10;
  std::int64_t flush_interval_ms = 10'000;
  const nx_value* config = nullptr;  // the plugin's own options
  std::shared_ptr<const document::Document> document;
  std::string fingerprint;

  // What its plugin must offer.
  std::string_view interface_id() const {
    return listen.empty() ? NX_INGEST_ID : NX_INGEST_DATAGRAM_ID;
  }
};

}  // namespace narthex::ingest
