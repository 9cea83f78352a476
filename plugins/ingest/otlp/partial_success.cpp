// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/partial_success.hpp"

#include <narthex/sdk/json.hpp>

#include <protozero/pbf_writer.hpp>

namespace narthex::ingest::otlp {

std::string partial_success_protobuf(std::uint64_t rejected, std::string_view reason) {
  std::string message;
  if (rejected == 0) return message;
  {
    protozero::pbf_writer out(message);
    protozero::pbf_writer partial(out, 1);  // is whole once it is destroyed
    partial.add_int64(1, static_cast<std::int64_t>(rejected));
    partial.add_string(2, reason.data(), reason.size());
  }
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
