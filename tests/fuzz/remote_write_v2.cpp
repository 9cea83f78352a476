// SPDX-License-Identifier: Apache-2.0
// remote_write_v2.cpp - a message of remote write 2.0. Whatever it is, the answer is 204 or 400,
// and the backend can be read afterwards. What was understood says what was written.
#include "tests/support/write_fixture.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const narthex::net::Params kHeaders{
      {"content-type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"},
      {"content-encoding", "snappy"}};
  narthex::test::WriteFixture fixture;
  const narthex::net::Response answer =
      fixture.post({reinterpret_cast<const char*>(data), size}, kHeaders);
  if (answer.status != 204 && answer.status != 400) std::abort();
  const bool counted =
      narthex::net::has(answer.headers, "X-Prometheus-Remote-Write-Samples-Written");
  if (answer.status == 204 && !counted) std::abort();
  (void)fixture.read();
  (void)fixture.exemplars();
  (void)fixture.metadata();
  return 0;
}
