// SPDX-License-Identifier: Apache-2.0
// wire_ingest.hpp - what ingest.h and the append service define, as bytes and back. What is read
// looks into the bytes and into arrays of its own: both must outlive its use. Pure.
#pragma once

#include "host/wire_data.hpp"

#include <narthex/ingest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::host {

// A request without its appender; the body comes last.
void write_request(WireWriter& out, const nx_ingest_request& request);
struct ReceivedRequest {
  nx_ingest_request raw{};  // body and appender are NULL
  std::string_view body;
};
ReceivedRequest read_request(WireReader& in, WireArrays& arrays);

// What a receiver says of itself.
struct RouteFacts {
  std::string method, path;
  std::uint32_t id = 0, flags = 0;
};
void write_routes(WireWriter& out, const nx_route* routes, std::uint32_t count);
std::vector<RouteFacts> read_routes(WireReader& in);

// What a plugin answered to a request.
struct ReplyFacts {
  std::int32_t status = 0;  // 0: as its code says
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};
void write_reply(WireWriter& out, const ReplyFacts& reply);
void read_reply(WireReader& in, nx_ingest_reply& reply);

struct ReceivedPackets {
  std::vector<nx_bytes> packets;
  std::vector<nx_str> peers;
};
void write_packets(WireWriter& out, const nx_bytes* packets, const nx_str* peers,
                   std::uint32_t count);
ReceivedPackets read_packets(WireReader& in);

// An outcome of the append service: code and text, then what the call gives.
void write_result(WireWriter& out, const nx_append_result& result, std::uint64_t rows);
// Into result, its row_code[rows] included where there is one.
void read_result(WireReader& in, nx_append_result& result, std::uint64_t rows);

}  // namespace narthex::host
