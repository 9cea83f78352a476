// SPDX-License-Identifier: Apache-2.0
// graphite.cpp - any packet: it is taken whatever it holds, and what is stored can be read.
#include "plugins/ingest/graphite/graphite.hpp"
#include "tests/support/push_fixture.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string packet(reinterpret_cast<const char*>(data), size);
  narthex::test::PushFixture<narthex::ingest::graphite::Graphite> fixture;
  if (!fixture.send({packet}).ok()) std::abort();
  (void)fixture.series();
  return 0;
}
