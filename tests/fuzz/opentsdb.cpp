// SPDX-License-Identifier: Apache-2.0
// opentsdb.cpp - any bytes, as a packet and as a body: they are taken or refused, and what is
// stored can be read.
#include "plugins/ingest/opentsdb/opentsdb.hpp"
#include "tests/support/push_fixture.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string packet(reinterpret_cast<const char*>(data), size);
  narthex::test::PushFixture<narthex::ingest::opentsdb::OpenTsdb> fixture;
  if (!fixture.send({packet}).ok()) std::abort();
  const int status = fixture.post(0, packet, {{"details", ""}}).status;
  if (status != 200 && status != 400) std::abort();
  (void)fixture.series();
  return 0;
}
