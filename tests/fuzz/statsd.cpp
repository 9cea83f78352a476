// SPDX-License-Identifier: Apache-2.0
// statsd.cpp - any packet: it is taken whatever it holds, and what is stored keeps the promises.
#include "plugins/ingest/statsd/statsd.hpp"
#include "tests/support/checked_append.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string packet(reinterpret_cast<const char*>(data), size);
  narthex::test::CheckedReceiver<narthex::ingest::statsd::Statsd> receiver;
  receiver.send(packet);
  if (!receiver.plugin().flush(nullptr).ok()) std::abort();
  return 0;
}
