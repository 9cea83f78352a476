// SPDX-License-Identifier: Apache-2.0
// remote_write.cpp - the first bit says whether the rest is a body as sent or a message yet to be
// packed. Whatever it is, the answer is 204, 400 or 413, and the backend can be read afterwards.
#include "tests/support/write_fixture.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  narthex::test::WriteFixture fixture;
  fixture.body_max_bytes = 1 << 20;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const int status =
      (data[0] & 1) != 0 ? fixture.post_raw(std::string(rest)).status : fixture.post(rest).status;
  if (status != 204 && status != 400 && status != 413) std::abort();
  (void)fixture.read();
  (void)fixture.exemplars();
  (void)fixture.metadata();
  return 0;
}
