// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/partial_success.hpp"

#include <narthex/sdk/json.hpp>
#include <narthex/sdk/protobuf.hpp>

namespace narthex::ingest::otlp {

std::string partial_success_protobuf(std::uint64_t rejected, std::string_view reason) {
  std::string message, partial;
  if (rejected == 0) return message;
  sdk::protobuf::number(partial, 1, rejected);
  sdk::protobuf::bytes(partial, 2, reason);
  sdk::protobuf::bytes(message, 1, partial);
  return message;
}

std::string partial_success_json(std::uint64_t rejected, std::string_view reason) {
  if (rejected == 0) return "{}";
  std::string out = "{\"partialSuccess\":{\"rejectedDataPoints\":\"" + std::to_string(rejected) +
                    "\",\"errorMessage\":";
  sdk::append_json_text(out, reason);
  return out + "}}";
}

}  // namespace narthex::ingest::otlp
