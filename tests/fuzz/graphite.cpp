// SPDX-License-Identifier: Apache-2.0
// graphite.cpp - any packet: it is taken whatever it holds, and what is stored keeps the promises.
#include "plugins/ingest/graphite/graphite.hpp"
#include "tests/support/checked_append.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string packet(reinterpret_cast<const char*>(data), size);
  narthex::test::CheckedReceiver<narthex::ingest::graphite::Graphite> receiver;
  receiver.send(packet);
  return 0;
}
