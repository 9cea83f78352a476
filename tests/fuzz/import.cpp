// SPDX-License-Identifier: Apache-2.0
// import.cpp - the first byte chooses the route, the rest is the body, and the labels of the path.
// The answer is 204 or 400, and what is stored keeps the promises.
#include "plugins/ingest/import/import.hpp"
#include "tests/support/checked_append.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  narthex::test::CheckedReceiver<narthex::ingest::import::Import> receiver;
  const std::string path = rest.substr(0, rest.find('\n'));
  const int status = receiver.post(data[0] % 3, rest, {}, path);
  if (status != 204 && status != 400) std::abort();
  return 0;
}
