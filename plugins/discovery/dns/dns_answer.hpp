// SPDX-License-Identifier: Apache-2.0
// dns_answer.hpp - reads the answer section of a DNS message (RFC 1035). Pure; never reads outside
// of the bytes it is given, whatever they claim.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace narthex::dns_discovery {

enum class RecordType : std::uint16_t { kA = 1, kNs = 2, kMx = 15, kAaaa = 28, kSrv = 33 };

struct Record {
  RecordType type = RecordType::kA;
  std::string target;      // an address, or a name with its final dot
  std::uint16_t port = 0;  // of SRV
};

// The records of the types above, in the order of the message; others (CNAME, ...) are passed over.
Result<std::vector<Record>> read_answer(std::span<const std::uint8_t> message);

}  // namespace narthex::dns_discovery
