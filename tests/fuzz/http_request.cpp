// SPDX-License-Identifier: Apache-2.0
// Requests as the server frames them: the head however it is cut, then a chunked body. What is
// accepted must hold what the server relies on.
#include "net/chunked.hpp"
#include "net/request_head.hpp"
#include "net/target.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace narthex::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const HeadLimits limits{512, 2048, 20};
  // Byte by byte and at once must see the same end.
  std::size_t scanned = 0;
  const HeadSearch whole = find_head_end(bytes, scanned, limits);
  std::size_t scanned_cut = 0;
  HeadSearch cut;
  for (std::size_t i = 1; i <= size && i < 4096 && cut.size == 0 && !cut.refusal; ++i) {
    cut = find_head_end(bytes.substr(0, i), scanned_cut, limits);
  }
  if (whole.size != 0 && cut.size != whole.size) std::abort();
  if (whole.size == 0) return 0;
  RequestHead head;
  if (parse_request_head(bytes.substr(0, whole.size), limits, head)) return 0;
  if (head.target.empty() || (head.chunked && head.has_length)) std::abort();
  if (head.headers.size() > limits.headers_max) std::abort();
  for (const auto& [name, value] : head.headers) {
    if (name.empty() || value.find('\r') != std::string::npos ||
        value.find('\n') != std::string::npos) {
      std::abort();
    }
  }
  const SplitTarget parts = split_target(head.target);
  if (!percent_decode(parts.path, false)) std::abort();
  parse_pairs(parts.query);
  if (!head.chunked) return 0;
  ChunkedDecoder decoder(ChunkedDecoder::LineEnds::kStrict);
  std::string body;
  decoder.feed(bytes.substr(whole.size), body, 1024);
  if (body.size() > 1024) std::abort();
  return 0;
}
