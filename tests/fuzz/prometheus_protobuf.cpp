// SPDX-License-Identifier: Apache-2.0
// Any body, the first byte as flags: no crash, and the same answer as the slow reference.
#include "plugins/protocol/prometheus_protobuf/protobuf_parser.hpp"
#include "tests/support/parse_body.hpp"
#include "tests/support/protobuf_reference.hpp"

#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint32_t flags = data[0] & 0x2F;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto body =
      narthex::test::parse_body<narthex::prometheus_protobuf::ProtobufParser>(text, flags);
  const auto expected = narthex::test::ProtobufReference(text, flags).read();
  if (body.status.ok() != expected.has_value()) std::abort();
  if (!expected) return 0;
  if (body.samples != expected->samples || body.starts != expected->starts) std::abort();
  // A NaN is not equal to itself: histograms are compared by the unit test.
  if (body.histograms.size() != expected->histograms.size()) std::abort();
  return 0;
}
