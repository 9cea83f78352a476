// SPDX-License-Identifier: Apache-2.0
// Answers as the client reads them: cut in two or not, the result is the same and bounded.
#include "net/response_parser.hpp"
#include "net/url.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace narthex::net;

namespace {

constexpr std::uint64_t kBodyMax = 4096;

void run(ResponseParser& parser, std::string_view first, std::string_view second) {
  parser.feed(first);
  parser.feed(second);
  parser.end_of_stream();
  if (parser.done() == parser.failed() || parser.body().size() > kBodyMax) std::abort();
  if (parser.failed() && parser.failure().ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = size == 1 ? 0 : data[0] * (size - 1) / 255;
  ResponseLimits limits;
  limits.header_max_bytes = 2048;
  limits.body_max_bytes = kBodyMax;
  ResponseParser whole(limits);
  run(whole, bytes, {});
  ResponseParser halves(limits);
  run(halves, bytes.substr(0, cut), bytes.substr(cut));
  if (whole.done() != halves.done() || whole.body() != halves.body()) std::abort();
  const auto base = parse_url("http://host/a/b");
  for (const auto& [name, value] : whole.headers()) {
    if (name == "location") static_cast<void>(resolve_url(*base, value));
  }
  return 0;
}
