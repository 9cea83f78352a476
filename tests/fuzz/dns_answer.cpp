// SPDX-License-Identifier: Apache-2.0
// Any message: no crash, no byte outside of it, and names of bounded length.
#include "plugins/discovery/dns/dns_answer.hpp"
#include "plugins/discovery/dns/dns_targets.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto records = narthex::dns_discovery::read_answer({data, size});
  if (!records.ok()) return 0;
  for (const auto& record : *records) {
    // 255 bytes on the wire, each at most four as text.
    if (record.target.empty() || record.target.size() > 1024) std::abort();
  }
  const auto group = narthex::dns_discovery::make_group("name", *records, 80);
  if (group.targets.size() != records->size()) std::abort();
  return 0;
}
