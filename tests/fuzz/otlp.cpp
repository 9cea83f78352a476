// SPDX-License-Identifier: Apache-2.0
// otlp.cpp - the first bit says whether the rest is JSON or protobuf, others choose options.
// Whatever it is, the answer is 200, 400 or 503, and the backend can be read afterwards.
#include "tests/support/otlp_fixture.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static constexpr std::string_view kOptions[] = {
      "{}", "{\"deltas\":\"to_cumulative\",\"convert_histograms_to_nhcb\":true}",
      "{\"deltas\":\"store\",\"translation_strategy\":\"NoTranslation\","
      "\"promote_scope_metadata\":true}",
      "{\"promote_all_resource_attributes\":true,"
      "\"translation_strategy\":\"NoUTF8EscapingWithSuffixes\"}"};
  narthex::test::OtlpFixture otlp(kOptions[data[0] >> 1 & 3]);
  std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const int status = (data[0] & 1) != 0 ? otlp.json(std::move(body)).status
                                        : otlp.protobuf(std::move(body)).status;
  if (status != 200 && status != 400 && status != 503) std::abort();
  (void)otlp.stored();
  return 0;
}
