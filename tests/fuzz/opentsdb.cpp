// SPDX-License-Identifier: Apache-2.0
// opentsdb.cpp - any bytes, as a packet and as a body: they are taken or refused, and what is
// stored keeps the promises of the ABI.
#include "plugins/ingest/opentsdb/opentsdb.hpp"
#include "tests/support/checked_append.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string packet(reinterpret_cast<const char*>(data), size);
  narthex::test::CheckedReceiver<narthex::ingest::opentsdb::OpenTsdb> receiver;
  receiver.send(packet);
  const int status = receiver.post(0, packet, {{"details", ""}});
  if (status != 200 && status != 400) std::abort();
  return 0;
}
