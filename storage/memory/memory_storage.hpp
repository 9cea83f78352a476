// SPDX-License-Identifier: Apache-2.0
// memory_storage.hpp - the backend as a component: its name, its options, and the clocks of its
// host.
#pragma once

#include "storage/memory/database.hpp"

#include <narthex/sdk/storage.hpp>

namespace narthex::storage::memory {

class MemoryStorage : public Database {
 public:
  using Options = memory::Options;
  static constexpr std::string_view kName = "memory";
  static constexpr std::string_view kSummary =
      "Keeps series and samples in memory; bounded, the oldest go first";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT | NX_COMPONENT_NO_ISOLATION;
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"max_bytes", &Options::max_bytes, R"("0")",
       "Memory for series and samples; 0 means a quarter of the RAM.", "bytes"},
      {"max_exemplars",
       &Options::max_exemplars,
       "100000",
       "Exemplars kept, over all series; 0 keeps none.",
       {},
       R"("minimum": 0)"},
  };

  MemoryStorage(sdk::Host host, Options options)
      : Database(options, {[host] { return host.now_ms(); }, [host] { return host.mono_ns(); }}) {}
};

}  // namespace narthex::storage::memory
