// SPDX-License-Identifier: Apache-2.0
// Any body: no crash, and the same answer as the slow reference.
#include "plugins/protocol/prometheus_text/text_parser.hpp"
#include "tests/support/exposition_reference.hpp"
#include "tests/support/parse_body.hpp"

#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto body = narthex::test::parse_body<narthex::prometheus_text::TextParser>(text);
  const auto expected = narthex::test::ExpositionReference(text, false).read();
  if (body.status.ok() != expected.has_value()) std::abort();
  if (expected && body.samples != *expected) std::abort();
  // Collected histograms and start times make no good body bad.
  const auto collected = narthex::test::parse_body<narthex::prometheus_text::TextParser>(
      text, NX_PARSE_NHCB | NX_PARSE_START_T);
  if (body.status.ok() && !collected.status.ok()) std::abort();
  return 0;
}
