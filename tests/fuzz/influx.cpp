// SPDX-License-Identifier: Apache-2.0
// influx.cpp - any body: every line is read once, what is told about a bad one lies in the body,
// and what is stored can be read.
#include "plugins/ingest/influx/influx.hpp"
#include "tests/support/checked_append.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using narthex::ingest::influx::Influx;
  using narthex::ingest::influx::PointReader;
  const std::string body(reinterpret_cast<const char*>(data), size);
  PointReader reader(body);
  std::uint64_t line = 0;
  for (auto found = reader.next(); found != PointReader::Found::kEnd; found = reader.next()) {
    if (reader.line() <= line) std::abort();
    line = reader.line();
    if (found == PointReader::Found::kBad &&
        (reader.fault().empty() || reader.column() == 0 || reader.column() > size + 1)) {
      std::abort();
    }
  }
  narthex::test::CheckedReceiver<Influx> receiver;
  for (const std::uint32_t route : {Influx::kWrite1, Influx::kWrite2}) {
    const int status = receiver.post(route, body);
    if (status != 204 && status != 400) std::abort();
  }
  return 0;
}
